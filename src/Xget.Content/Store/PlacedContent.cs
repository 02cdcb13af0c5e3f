using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <summary>
/// A complete content whose bytes are in files of the destination: one large file, or the members of a pack. Made by
/// <see cref="Destination.Reopen"/>. Thread-safe.
/// </summary>
/// <remarks>
/// Files are opened when they are read, beneath the destination's root, and at most 128 of all contents together stay
/// open (more only while more are being read). A file that is no longer what it was, by device, inode, size, mtime and
/// ctime, gives ESTALE.
/// </remarks>
public sealed class PlacedContent : StoredContent
{
    private readonly Destination _destination;
    private readonly PlacedFile[] _files;
    private readonly JoinedFiles _joined;
    private int _disposed;

    internal PlacedContent(ChunkTable table, Destination destination, PlacedFile[] files)
        : base(table)
    {
        _destination = destination;
        _files = files;
        _joined = new JoinedFiles(files);
        for (int chunk = 0; chunk < table.Count; chunk++)
            Map.Set(chunk);
    }

    /// <summary>Takes nothing: the files are the user's now.</summary>
    /// <returns>0 for a chunk that is there, EINVAL for a wrong number or length, else EROFS.</returns>
    public override Errno Write(int chunk, ReadOnlySpan<byte> bytes)
    {
        if ((uint)chunk >= (uint)Table.Count || bytes.Length != Table.LengthOf(chunk))
            return Errno.EINVAL;
        return Map[chunk] ? 0 : Errno.EROFS;
    }

    /// <summary>
    /// A range of one file, or bytes that were put together from several; cut at the content's end, and where it would
    /// be more than 1 MiB across files.
    /// </summary>
    /// <returns>ESTALE if a file is not what it was; EBADF when disposed.</returns>
    public override ContentRange Read(ulong offset, int count)
    {
        count = Cut(offset, count);
        if (count == 0)
            return ContentRange.OfBytes(default);
        return Volatile.Read(ref _disposed) == 0 ? _joined.Read(offset, count) : ContentRange.Failed(Errno.EBADF);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            _destination.Close(_files);
    }
}
