using System.Text;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <summary>
/// The directory that a copy writes into. Everything is done relative to its descriptor: no symlink below its root is
/// ever followed, names are bytes, and an entry appears under its name whole, replacing what was there, or not at all.
/// </summary>
/// <remarks>
/// Every operation may be called from any thread and returns 0 or an errno: ENOSPC, EDQUOT and EIO come from the disk as
/// they are, ELOOP and ENOTDIR say that something else is where a directory was expected. A failed operation leaves the
/// entry as it was. A directory is ensured before its entries are placed and finished after them.
/// </remarks>
public sealed partial class Destination : IDisposable
{
    private const int LongestSegment = 4000; // below PATH_MAX

    private readonly SharedFile _root; // held by placed contents, too
    private readonly PartialDirectory _partialDirectory;
    private readonly MetadataWriter _metadata;
    private readonly WrittenNames _written = new();
    private readonly Lock _replacing = new();
    private FileName _partialName;
    private byte[] _temporaryPrefix = new OwnNames().TemporaryPrefix;
    private Lookalikes _lookalikes = new();
    private volatile bool _canRenameNew = true;
    private int _disposed;

    private Destination(SafeFileHandle root, DestinationOptions options)
    {
        _root = new SharedFile(root);
        _metadata = new MetadataWriter(options);
        _partialName = options.PartialName;
        _partialDirectory = new PartialDirectory(root, options.PartialName);
        Partial = new PartialStore(_partialDirectory);
    }

    /// <summary>
    /// The contents that are still being fetched. Its directory comes into being when it is first needed.
    /// </summary>
    public PartialStore Partial { get; }

    /// <summary>Entries that did not get their owner although it was to be kept: the id is not allowed here.</summary>
    public long OwnersLost => _metadata.OwnersLost;

    /// <summary>Entries that did not get their mode: the destination's file system refused it.</summary>
    public long ModesLost => _metadata.ModesLost;

    /// <summary>Entries that did not get their time of modification: the destination's file system refused it.</summary>
    public long TimesLost => _metadata.TimesLost;

    /// <summary>Extended attributes that the destination's file system refused.</summary>
    public long XattrsLost => _metadata.XattrsLost;

    /// <summary>
    /// Opens a directory, after making it and those above it where they are missing, as mkdir -p does.
    /// </summary>
    /// <returns>0, ENOTDIR, EACCES, EROFS and the like.</returns>
    public static Errno Open(string path, DestinationOptions options, out Destination? destination)
    {
        destination = null;
        if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal))
            return Errno.ENOENT;
        byte[] bytes = [.. Encoding.UTF8.GetBytes(path), 0];
        Errno error = NativeStore.OpenDirectory(bytes, out SafeFileHandle? root);
        if (error == Errno.ENOENT)
        {
            error = MakeDirectories(bytes);
            if (error == 0)
                error = NativeStore.OpenDirectory(bytes, out root);
        }
        if (error == 0)
            destination = new Destination(root!, options);
        return error;
    }

    /// <summary>
    /// Uses these names of its own, before anything is written: the tree that is copied has none of them.
    /// </summary>
    public void Use(OwnNames names)
    {
        _partialName = names.PartialName;
        _temporaryPrefix = names.TemporaryPrefix;
        _partialDirectory.Rename(_partialName);
    }

    /// <summary>Of these entries it is looked whether the file system takes two of them for one.</summary>
    public void Watch(Lookalikes lookalikes) => _lookalikes = lookalikes;

    /// <summary>
    /// Takes the destination for one copy alone: EWOULDBLOCK while another process has it. A file system without locks is
    /// used without them.
    /// </summary>
    public Errno TryLock() => NativeStore.TryLock(_root.Handle) is Errno.EWOULDBLOCK ? Errno.EWOULDBLOCK : 0;

    /// <summary>Lets other copies have the destination.</summary>
    public void Unlock() => NativeStore.Unlock(_root.Handle);

    /// <summary>
    /// Removes <c>.xget-partial</c> if it is empty and closes. Contents that are not disposed can still be read.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        Partial.Dispose();
        OpenFiles.Dispose();
        _root.Dispose();
    }

    private static Errno MakeDirectories(byte[] path)
    {
        for (int end = 1; end < path.Length; end++)
        {
            if (path[end] is not ((byte)'/' or 0) || path[end - 1] == '/')
                continue;
            Errno error = NativeStore.MakeDirectory([.. path.AsSpan(0, end), 0], 0x1FF); // 0777 under the umask
            if (error is not (0 or Errno.EEXIST or Errno.EISDIR or Errno.EROFS))
                return error;
        }
        return 0;
    }

    /// <summary>
    /// Opens the directory that a path is in. EINVAL for the root, EEXIST for what lies in our own directory.
    /// </summary>
    private Errno OpenParent(DestinationPath path, out SafeFileHandle? parent)
    {
        parent = null;
        if (path.Parent is null)
            return Errno.EINVAL;
        if (path.Parent.Parent is null && path.Name == _partialName)
            return Errno.EEXIST;
        return OpenDirectory(path.Parent, out parent);
    }

    /// <summary>
    /// Opens a directory for the *at calls; one call for a usual path, segment by segment for a very long one.
    /// </summary>
    private Errno OpenDirectory(DestinationPath path, out SafeFileHandle? directory)
    {
        using PooledBuffer whole = new(Math.Max(path.Length, 1));
        whole.Span[0] = (byte)'.';
        path.CopyTo(whole.Span);
        ReadOnlySpan<byte> rest = whole.Span;
        directory = null;
        Span<byte> segment = stackalloc byte[LongestSegment + 1];
        while (true)
        {
            int length = SegmentLength(rest);
            rest[..length].CopyTo(segment);
            segment[length] = 0;
            bool couldOpenBeneath = NativeStore.CanOpenBeneath;
            Errno error = NativeStore.OpenBeneath(
                directory ?? _root.Handle, segment, NativeStore.PathOnly | NativeStore.DirectoryOnly, out SafeFileHandle? next);
            if (couldOpenBeneath && !NativeStore.CanOpenBeneath)
            {
                next?.Dispose();
                continue; // now name by name
            }
            directory?.Dispose();
            directory = next;
            if (error != 0 || length == rest.Length)
                return error;
            rest = rest[(length + 1)..];
        }
    }

    private static int SegmentLength(ReadOnlySpan<byte> path)
    {
        int most = NativeStore.CanOpenBeneath ? LongestSegment : FileName.MaxLength;
        if (NativeStore.CanOpenBeneath && path.Length <= most)
            return path.Length;
        int end = NativeStore.CanOpenBeneath ? path[..most].LastIndexOf((byte)'/') : path.IndexOf((byte)'/');
        return end < 0 ? path.Length : end;
    }
}
