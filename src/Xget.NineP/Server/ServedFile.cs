using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>
/// A file, directory or link as a server shows it. Its identity never changes; it is called by any thread, several at
/// once, and must not wait: what may wait is an <see cref="OpenFile"/>'s.
/// </summary>
public abstract class ServedFile
{
    /// <summary>The file's identity on the wire.</summary>
    public abstract Qid Qid { get; }

    /// <summary>The last element of its path; "/" for a root.</summary>
    public abstract ReadOnlyMemory<byte> Name { get; }

    /// <summary>Where ".." leads; a root is its own parent.</summary>
    public virtual ServedFile Parent => this;

    /// <summary>What stat(2) shall say.</summary>
    public abstract Errno GetAttributes(out Attributes attributes);

    /// <summary>
    /// Finds a child. The server takes care of "." and "..", and never asks for an empty name or one with '/' or NUL.
    /// </summary>
    public virtual Errno Walk(ReadOnlySpan<byte> name, out ServedFile? child)
    {
        child = null;
        return Errno.ENOTDIR;
    }

    /// <summary>
    /// The children, without "." and ".."; null in the place of one that is not shown. Asked for when a directory is read from its start,
    /// so it should cost nothing: a view of what is there anyway, which makes a child when it is asked for. An array is taken for a copy,
    /// which is counted for the peer and, when it is large, made once a second at most for a fid.
    /// </summary>
    public virtual Errno List(out IReadOnlyList<ServedFile?> children)
    {
        children = [];
        return Errno.ENOTDIR;
    }

    /// <summary>
    /// Opens a file; directories are opened by the server itself. By default writing is refused with EROFS, reading
    /// with EACCES.
    /// </summary>
    public virtual Errno Open(OpenFlags flags, ServerConnection peer, out OpenFile? file)
    {
        file = null;
        return (flags & (OpenFlags.O_WRONLY | OpenFlags.O_RDWR)) != 0 ? Errno.EROFS : Errno.EACCES;
    }

    /// <summary>A symlink's target.</summary>
    public virtual Errno ReadLink(out ReadOnlyMemory<byte> target)
    {
        target = default;
        return Errno.EINVAL;
    }

    /// <summary>An extended attribute's value.</summary>
    public virtual Errno GetXattr(ReadOnlySpan<byte> name, out ReadOnlyMemory<byte> value)
    {
        value = default;
        return Errno.ENODATA;
    }

    /// <summary>The names of all extended attributes, each ended by NUL.</summary>
    public virtual Errno ListXattrs(out ReadOnlyMemory<byte> names)
    {
        names = default;
        return 0;
    }

    /// <summary>Figures of the file system that the file is in.</summary>
    public virtual Errno StatFs(out FileSystemStatistics statistics)
    {
        statistics = new FileSystemStatistics { Type = V9fsMagic, BlockSize = 4096, NameLength = 255 };
        return 0;
    }

    private const uint V9fsMagic = 0x01021997;
}
