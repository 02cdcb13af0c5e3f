using Mono.Unix.Native;

namespace Xget.Content;

/// <summary>
/// A content of a published generation, read from where it comes from: a file, several files, or memory.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public abstract class PublishedContent
{
    private protected PublishedContent(ChunkTable table) => Table = table;

    /// <summary>The content's size, digest and chunks.</summary>
    public ChunkTable Table { get; }

    /// <summary>
    /// Up to <paramref name="count"/> bytes from <paramref name="offset"/>, cut at the content's end, and where the
    /// source has changed at the chunk's. ESTALE if the first of them are not in the source any more.
    /// </summary>
    public ContentRange Read(ulong offset, int count) =>
        count < 0 ? ContentRange.Failed(Errno.EINVAL)
        : offset >= Table.Size || count == 0 ? ContentRange.OfBytes(default)
        : ReadWithin(offset, (int)Math.Min((ulong)count, Table.Size - offset));

    private protected abstract ContentRange ReadWithin(ulong offset, int count);
}
