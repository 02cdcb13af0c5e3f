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
    /// Up to <paramref name="count"/> bytes from <paramref name="offset"/>, cut at the content's end. ESTALE if the
    /// source file is no longer what was hashed (device, inode, size, mtime or ctime), or is gone.
    /// </summary>
    public ContentRange Read(ulong offset, int count) =>
        count < 0 ? ContentRange.Failed(Errno.EINVAL)
        : offset >= Table.Size || count == 0 ? ContentRange.OfBytes(default)
        : ReadWithin(offset, (int)Math.Min((ulong)count, Table.Size - offset));

    private protected abstract ContentRange ReadWithin(ulong offset, int count);
}
