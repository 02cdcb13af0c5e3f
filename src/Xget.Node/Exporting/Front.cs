using Xget.Node.Wire;

namespace Xget.Node.Exporting;

/// <summary>
/// How far those are who fetch a content now: by stripe, the offset that the master was asked for last. All of a stripe comes
/// from there, so it is what the nodes have at about this moment, and who comes late begins there. Thread-safe.
/// </summary>
/// <param name="stripes">How many stripes the content has.</param>
/// <param name="size">Its bytes.</param>
/// <param name="chunkSize">Bytes of a chunk.</param>
internal sealed class Front(int stripes, ulong size, int chunkSize)
{
    private readonly ChunkStripes _layout = new(stripes, size, chunkSize);
    private readonly ulong[] _asked = new ulong[stripes];

    /// <summary>By stripe; 0 where nobody has asked yet.</summary>
    internal ulong this[int stripe] => stripe < _asked.Length ? Volatile.Read(ref _asked[stripe]) : 0;

    internal void Asked(ulong offset) =>
        Volatile.Write(ref _asked[_layout.Of((int)(offset / (ulong)chunkSize))], offset);

    /// <summary>Nobody fetches it any more.</summary>
    internal void Clear() => Array.Clear(_asked);
}
