using Xget.Node.Wire;

namespace Xget.Node.Exporting;

/// <summary>
/// How far those are who fetch a content now: by stripe, about the offset that the master was asked for last. All of a stripe
/// comes from there, so it is what the nodes have at about this moment, and who comes late begins there. Only reads of whole
/// chunks move it, forward, a few runs at a time, and from the end to the beginning. Thread-safe.
/// </summary>
/// <param name="stripes">How many stripes the content has.</param>
/// <param name="size">Its bytes.</param>
/// <param name="chunkSize">Bytes of a chunk.</param>
internal sealed class Front(int stripes, ulong size, int chunkSize)
{
    /// <summary>Runs of a stripe by which one read moves it, at the most.</summary>
    private const int MaxRuns = 4;

    private readonly ChunkStripes _layout = new(stripes, size, chunkSize);
    private readonly ulong[] _asked = new ulong[stripes];

    /// <summary>By stripe; 0 where nobody has asked yet.</summary>
    internal ulong this[int stripe] => stripe < _asked.Length ? Volatile.Read(ref _asked[stripe]) : 0;

    private ulong Step => (ulong)(MaxRuns * stripes * _layout.Run) * (ulong)chunkSize;

    /// <summary>A node that holds routes was given these bytes.</summary>
    internal void Asked(ulong offset, int count)
    {
        bool isWhole = offset % (ulong)chunkSize == 0 && (count >= chunkSize || offset + (ulong)count == size);
        if (!isWhole)
            return;
        int stripe = _layout.Of((int)(offset / (ulong)chunkSize));
        ulong before = Volatile.Read(ref _asked[stripe]);
        bool isNextRound = before + Step >= size && offset < Step;
        ulong now = offset > before ? Math.Min(offset, before == 0 ? Start(stripe) + Step : before + Step) : isNextRound ? offset : before;
        if (now != before)
            Volatile.Write(ref _asked[stripe], now);
    }

    /// <summary>Nobody fetches it any more.</summary>
    internal void Clear() => Array.Clear(_asked);

    private ulong Start(int stripe) => (ulong)_layout.First(stripe) * (ulong)chunkSize;
}
