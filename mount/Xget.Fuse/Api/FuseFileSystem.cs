using Mono.Unix.Native;

namespace Xget.Fuse;

/// <summary>
/// A file system of inodes, as the kernel asks for it. What is not overridden is answered with the errno that makes the
/// kernel do the right thing by itself (for most, ENOSYS once: it then stops asking); whatever would change the file
/// system is answered with EROFS.
/// </summary>
/// <remarks>
/// <para>Concurrency: every method is called by the threads that read the device, several at once, also for the same
/// node and the same open file, in any order; only <see cref="Init"/> runs alone and first, and <see cref="Destroy"/>
/// once, last, after all others have ended or were given up.</para>
/// <para>A method that answers at once costs no allocation. One that has to wait returns an incomplete task; the thread
/// goes on with other requests, so it must not block. The request and all memory that came with it (names, the
/// directory writer) are valid until the returned task has ended, and not longer.</para>
/// <para>An exception is answered with EIO and one complaint, an <see cref="OperationCanceledException"/> with EINTR.
/// </para>
/// <para>The process must never touch its own mount point: no look-ups of paths, no mmap of files there.</para>
/// </remarks>
public abstract class FuseFileSystem
{
    /// <summary>The node id of the root; it is never looked up, nor forgotten.</summary>
    public const ulong RootId = 1;

    /// <summary>The kernel has agreed to <paramref name="connection"/>; no other request comes before this returns.</summary>
    public virtual void Init(FuseConnection connection)
    {
    }

    /// <summary>The connection has ended: nothing is called any more.</summary>
    public virtual void Destroy()
    {
    }

    /// <summary>
    /// Finds a name in a directory. Each answer with a node id counts one look-up of that node. May run at once for one
    /// parent, also for the same name.
    /// </summary>
    /// <param name="request">Who asks.</param>
    /// <param name="parent">The directory.</param>
    /// <param name="name">
    /// 1 to 1024 bytes without `/` and NUL; valid until the task ends. With <see cref="MountOptions.ExportSupport"/> also
    /// `.` for the node itself, which may be any, and `..` for the directory above.
    /// </param>
    public virtual ValueTask<FuseResult<EntryOut>> LookupAsync(FuseRequest request, ulong parent,
        ReadOnlyMemory<byte> name) => FuseAnswer.Failed<EntryOut>(Errno.ENOENT);

    /// <summary>
    /// Takes back <paramref name="count"/> look-ups of a node; at 0 the kernel no longer knows it. Must not wait; may run
    /// at the same time as a look-up of the same node.
    /// </summary>
    public virtual void Forget(ulong nodeid, ulong count)
    {
    }

    /// <summary>Attributes of a node, or of an open file of it when <paramref name="fh"/> is there.</summary>
    public virtual ValueTask<FuseResult<AttrOut>> GetAttrAsync(FuseRequest request, ulong nodeid, ulong? fh) =>
        FuseAnswer.Failed<AttrOut>(Errno.ENOENT);

    /// <summary>Attributes as statx(2) has them. ENOSYS once: the kernel uses GETATTR from then on.</summary>
    /// <param name="request">Who asks.</param>
    /// <param name="nodeid">The node.</param>
    /// <param name="fh">The open file, if one was named.</param>
    /// <param name="flags">AT_STATX_ flags.</param>
    /// <param name="mask">STATX_ bits that are wanted.</param>
    public virtual ValueTask<FuseResult<StatxOut>> StatxAsync(FuseRequest request, ulong nodeid, ulong? fh, uint flags,
        uint mask) => FuseAnswer.Failed<StatxOut>(Errno.ENOSYS);

    /// <summary>A symbolic link's target, 1 to 4095 bytes; it must not change until its reply is sent.</summary>
    public virtual ValueTask<FuseResult<ReadOnlyMemory<byte>>> ReadLinkAsync(FuseRequest request, ulong nodeid) =>
        FuseAnswer.Failed<ReadOnlyMemory<byte>>(Errno.EINVAL);

    /// <summary>
    /// Opens a file. For each answer without an error there is one <see cref="ReleaseAsync"/>, in any case, also when
    /// the kernel then refuses the open. With ENOSYS the kernel never opens again.
    /// </summary>
    /// <param name="request">Who asks.</param>
    /// <param name="nodeid">The file.</param>
    /// <param name="flags">As in open(2), without O_CREAT, O_EXCL and O_NOCTTY.</param>
    public virtual ValueTask<FuseResult<OpenOut>> OpenAsync(FuseRequest request, ulong nodeid, OpenFlags flags) =>
        new OpenOut(0, FuseOpenFlags.KeepCache).AsAnswer();

    /// <summary>
    /// Reads from an open file; see <see cref="FuseData"/> for what a short answer means. Reads of one open file run at
    /// once and in any order.
    /// </summary>
    /// <param name="request">Who asks; read-ahead asks for nobody.</param>
    /// <param name="nodeid">The file.</param>
    /// <param name="fh">What <see cref="OpenAsync"/> gave.</param>
    /// <param name="offset">First byte, at most 2^63 - 1.</param>
    /// <param name="size">Number of bytes, at most <see cref="FuseConnection.MaxRead"/>.</param>
    public virtual ValueTask<FuseResult<FuseData>> ReadAsync(FuseRequest request, ulong nodeid, ulong fh, ulong offset,
        int size) => FuseAnswer.Failed<FuseData>(Errno.EIO);

    /// <summary>
    /// The file that <see cref="ReadAsync"/> named could not be read, or is too short: the reader gets an error, and what
    /// was thought to be there is not.
    /// </summary>
    public virtual void Unreadable(ulong nodeid, ulong fh, ulong offset, int size)
    {
    }

    /// <summary>
    /// The last use of an open file is gone, and the kernel has already let go of it. Nobody waits for the answer.
    /// </summary>
    public virtual ValueTask<Errno> ReleaseAsync(FuseRequest request, ulong nodeid, ulong fh) => Answer(0);

    /// <summary>A descriptor of an open file was closed. ENOSYS once: never asked again.</summary>
    public virtual ValueTask<Errno> FlushAsync(FuseRequest request, ulong nodeid, ulong fh) => Answer(Errno.ENOSYS);

    /// <summary>fsync(2) of a file or directory. ENOSYS once: succeeds from then on without asking.</summary>
    public virtual ValueTask<Errno> FsyncAsync(FuseRequest request, ulong nodeid, ulong fh, bool dataOnly) =>
        Answer(Errno.ENOSYS);

    /// <summary>
    /// Opens a directory. ENOSYS once: the kernel opens and closes directories by itself and caches their entries until
    /// they are invalidated.
    /// </summary>
    public virtual ValueTask<FuseResult<OpenOut>> OpenDirAsync(FuseRequest request, ulong nodeid, OpenFlags flags) =>
        FuseAnswer.Failed<OpenOut>(Errno.ENOSYS);

    /// <summary>
    /// Lists a directory from an offset on, by <see cref="DirectoryWriter.TryAdd"/> until it refuses or there are no
    /// more entries. Nothing added means the end.
    /// </summary>
    /// <param name="request">Who asks.</param>
    /// <param name="nodeid">The directory.</param>
    /// <param name="fh">What <see cref="OpenDirAsync"/> gave, or 0.</param>
    /// <param name="offset">0, or the offset that came with an entry earlier: go on after that one.</param>
    /// <param name="entries">Where the entries go; valid until the task ends.</param>
    public virtual ValueTask<Errno> ReadDirAsync(FuseRequest request, ulong nodeid, ulong fh, ulong offset,
        DirectoryWriter entries) => Answer(Errno.ENOTDIR);

    /// <summary>
    /// As <see cref="ReadDirAsync"/>, but with what a look-up of each entry would give, by
    /// <see cref="DirectoryWriter.TryAddPlus"/>. Each entry that was taken and has a node id counts one look-up, those
    /// of `.` and `..` excepted.
    /// </summary>
    public virtual ValueTask<Errno> ReadDirPlusAsync(FuseRequest request, ulong nodeid, ulong fh, ulong offset,
        DirectoryWriter entries) => ReadDirAsync(request, nodeid, fh, offset, entries);

    /// <summary>The last use of an open directory is gone; not called where <see cref="OpenDirAsync"/> gave ENOSYS.</summary>
    public virtual ValueTask<Errno> ReleaseDirAsync(FuseRequest request, ulong nodeid, ulong fh) => Answer(0);

    /// <summary>Sizes of the file system.</summary>
    public virtual ValueTask<FuseResult<FuseStatFs>> StatFsAsync(FuseRequest request, ulong nodeid) =>
        new FuseStatFs { BlockSize = 4096, FragmentSize = 4096, NameLength = 255 }.AsAnswer();

    /// <summary>
    /// The whole value of an extended attribute, or ENODATA; the caller's size limit is seen to. ENOSYS once: there are
    /// none.
    /// </summary>
    public virtual ValueTask<FuseResult<ReadOnlyMemory<byte>>> GetXattrAsync(FuseRequest request, ulong nodeid,
        ReadOnlyMemory<byte> name) => FuseAnswer.Failed<ReadOnlyMemory<byte>>(Errno.ENOSYS);

    /// <summary>The names of the extended attributes, each with a NUL at its end; otherwise as for values.</summary>
    public virtual ValueTask<FuseResult<ReadOnlyMemory<byte>>> ListXattrAsync(FuseRequest request, ulong nodeid) =>
        FuseAnswer.Failed<ReadOnlyMemory<byte>>(Errno.ENOSYS);

    /// <summary>access(2), where the mount lacks default_permissions. ENOSYS once: all is allowed.</summary>
    public virtual ValueTask<Errno> AccessAsync(FuseRequest request, ulong nodeid, AccessModes mask) =>
        Answer(Errno.ENOSYS);

    /// <summary>SEEK_DATA (3) and SEEK_HOLE (4). ENOSYS once: a file is all data.</summary>
    public virtual ValueTask<FuseResult<ulong>> LseekAsync(FuseRequest request, ulong nodeid, ulong fh, ulong offset,
        uint whence) => FuseAnswer.Failed<ulong>(Errno.ENOSYS);

    private static ValueTask<Errno> Answer(Errno error) => ValueTask.FromResult(error);
}
