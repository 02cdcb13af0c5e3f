namespace Xget.Content;

/// <summary>A copy of a chunk that has the chunk's digest; each holder disposes it once.</summary>
internal sealed class CheckedChunk(SourceContent content, int chunk, RentedBytes bytes) : IDisposable
{
    private int _holders = 1;

    public SourceContent Content { get; } = content;

    public int Chunk { get; } = chunk;

    public ReadOnlyMemory<byte> Bytes => bytes.Memory;

    /// <summary>One more holder; only while there is another.</summary>
    public void Hold() => Interlocked.Increment(ref _holders);

    public void Dispose()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
            bytes.Dispose();
    }
}
