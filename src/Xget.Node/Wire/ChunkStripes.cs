namespace Xget.Node.Wire;

/// <summary>
/// Which chunks belong to which stripe (PROTOCOL.md, "objects/DIGEST/redir"): runs of chunks in a row go round the stripes. All
/// nodes must agree, since a worker has room for the children of its own stripe.
/// </summary>
/// <param name="stripes">How many there are, from 1.</param>
/// <param name="size">Bytes of the content.</param>
/// <param name="chunkSize">Bytes of a chunk.</param>
internal readonly struct ChunkStripes(int stripes, ulong size, int chunkSize)
{
    /// <summary>Bytes of a run, unless one chunk has more.</summary>
    private const int RunBytes = 128 << 10;

    /// <summary>The same of a large content: where chunks come fast a run is asked for with one message, and half the messages
    /// cost less than the memory for twice as much.</summary>
    private const int LargeRunBytes = 256 << 10;
    private const ulong LargeContent = 64 << 20;

    /// <summary>Chunks in a row, from 1, that belong to the same stripe.</summary>
    internal int Run { get; } = Math.Max(1, (size < LargeContent ? RunBytes : LargeRunBytes) / chunkSize);

    /// <summary>The stripe of a chunk.</summary>
    internal int Of(int chunk) => chunk / Run % stripes;

    /// <summary>A stripe's first chunk.</summary>
    internal int First(int stripe) => stripe * Run;

    /// <summary>The next chunk of the same stripe.</summary>
    internal int After(int chunk) => (chunk + 1) % Run != 0 ? chunk + 1 : chunk + 1 + (stripes - 1) * Run;

    /// <summary>The chunk behind the run that a chunk is in.</summary>
    internal int EndOfRun(int chunk) => chunk - chunk % Run + Run;
}
