using System.Collections.Concurrent;
using Mono.Unix.Native;
using Serilog;
using Xget.Content;
using Xget.Fuse;

namespace Xget.Mount;

/// <summary>
/// The read-only file system over a node: names and attributes from verified directory objects, bytes from the cache or
/// from parents. Everything is immutable within a generation, so the kernel may keep all it has seen.
/// </summary>
internal sealed partial class XgetFileSystem(InodeTable inodes, MountedContents contents, ReadingOptions reading,
    Func<Inode, MagicXattrs> magic, Func<FuseStatFs> sizes, TimeProvider time, ILogger log) : FuseFileSystem
{
    private const ulong FullUntil = 32 << 10; // no file up to this size is known to have holes

    // A listing's offset: the number of entries read, and above it the directory's turn.
    private readonly int _turnShift = reading.Is32Bit ? 24 : 32;
    private readonly uint _turns = reading.Is32Bit ? 0x7fu : int.MaxValue;

    private readonly ConcurrentDictionary<ulong, OpenedFile> _open = new();
    private readonly ReadFailures _failures = new(time, log);
    private FuseConnection? _connection;

    /// <summary>The kernel's side, once it has agreed.</summary>
    internal FuseConnection? Connection => _connection;

    internal InodeTable Inodes => inodes;

    /// <summary>Waits until the mount shows what the master publishes; null where no generation is followed.</summary>
    internal Func<CancellationToken, Task>? UpToDateAsync { get; set; }

    /// <summary>Files that are open now.</summary>
    internal int OpenFiles => _open.Count;

    public override void Init(FuseConnection connection) => _connection = connection;

    public override ValueTask<FuseResult<EntryOut>> LookupAsync(FuseRequest request, ulong parent, ReadOnlyMemory<byte> name)
    {
        if (inodes.Find(parent) is not { } directory)
            return FuseAnswer.Failed<EntryOut>(Errno.ESTALE);
        // Who has a file handle finds the node itself, and from a directory the one above it.
        if (name.Span.SequenceEqual("."u8))
            return EntryOf(inodes.Tell(directory)).AsAnswer();
        if (!directory.IsDirectory)
            return FuseAnswer.Failed<EntryOut>(Errno.ENOTDIR);
        if (name.Span.SequenceEqual(".."u8))
            return EntryOf(inodes.Tell(directory.Parent ?? directory)).AsAnswer();
        if (name.Length > FileName.MaxLength)
            return FuseAnswer.Failed<EntryOut>(Errno.ENAMETOOLONG);
        return directory.Directory is not null ? Entry(directory, name.Span).AsAnswer() : LookupSlowAsync(request, directory, name);
    }

    private async ValueTask<FuseResult<EntryOut>> LookupSlowAsync(FuseRequest request, Inode directory, ReadOnlyMemory<byte> name) =>
        await LoadAsync(directory, request) is var error and not 0 ? error : Entry(directory, name.Span);

    private EntryOut Entry(Inode directory, ReadOnlySpan<byte> name)
    {
        // At once: a new generation must not come between the entry and its inode.
        lock (inodes.Gate)
            return directory.Directory!.Find(name) is { } entry ? EntryOf(inodes.Tell(directory, entry)) : EntryOut.Negative(EntryOut.Forever);
    }

    public override void Forget(ulong nodeid, ulong count) => inodes.Forget(nodeid, count);

    public override ValueTask<FuseResult<AttrOut>> GetAttrAsync(FuseRequest request, ulong nodeid, ulong? fh) =>
        inodes.Find(nodeid) is { } inode ? new AttrOut(AttrOf(inode), EntryOut.Forever).AsAnswer()
            : FuseAnswer.Failed<AttrOut>(Errno.ESTALE);

    public override ValueTask<FuseResult<ReadOnlyMemory<byte>>> ReadLinkAsync(FuseRequest request, ulong nodeid) =>
        inodes.Find(nodeid) is not { } inode ? FuseAnswer.Failed<ReadOnlyMemory<byte>>(Errno.ESTALE)
            : inode.Attributes.Type != EntryType.Symlink ? FuseAnswer.Failed<ReadOnlyMemory<byte>>(Errno.EINVAL)
            : new ReadOnlyMemory<byte>(inode.Attributes.SymlinkTarget).AsAnswer();

    public override ValueTask<Errno> ReadDirAsync(FuseRequest request, ulong nodeid, ulong fh, ulong offset, DirectoryWriter entries) =>
        ListAsync(request, nodeid, offset, entries, plus: false);

    public override ValueTask<Errno> ReadDirPlusAsync(FuseRequest request, ulong nodeid, ulong fh, ulong offset, DirectoryWriter entries) =>
        ListAsync(request, nodeid, offset, entries, plus: true);

    private async ValueTask<Errno> ListAsync(FuseRequest request, ulong nodeid, ulong offset, DirectoryWriter entries, bool plus)
    {
        if (inodes.Find(nodeid) is not { } directory)
            return Errno.ESTALE;
        if (await LoadAsync(directory, request) is var error and not 0)
            return error;
        // One generation's entries in one answer.
        lock (inodes.Gate)
            List(directory, directory.Directory!, offset, entries, plus);
        return 0;
    }

    private void List(Inode directory, DirectoryObject all, ulong offset, DirectoryWriter entries, bool plus)
    {
        // Offsets: 1 and 2 come after . and .., 3 after the first entry; above them stands the directory's turn.
        if (offset < 1 && !AddSelf(entries, "."u8, directory, 1, plus))
            return;
        if (offset < 2 && !AddSelf(entries, ".."u8, directory.Parent ?? directory, 2, plus))
            return;
        for (int i = offset > 2 ? After(directory, all, offset) : 0; i < all.Entries.Length; i++)
        {
            if (!Add(entries, directory, all.Entries[i], ((ulong)(directory.Turn & _turns) << _turnShift) | (uint)(i + 3), plus))
                return;
        }
    }

    /// <summary>
    /// Where a listing goes on of which so many entries were read. If they were those of the generation before, it goes on
    /// behind the same name, so that what is in both is listed once.
    /// </summary>
    private int After(Inode directory, DirectoryObject all, ulong offset)
    {
        uint turn = (uint)(offset >> _turnShift);
        uint read = (uint)(offset & ((1UL << _turnShift) - 1)) - 2;
        if (turn == (directory.Turn & _turns) || directory.Former is not { } former || read > former.Entries.Length)
            return (int)Math.Min(read, (uint)all.Entries.Length);
        FileName last = former.Entries[(int)read - 1].Name;
        int at = all.CountBefore(last.Bytes);
        return at < all.Entries.Length && all.Entries[at].Name == last ? at + 1 : at;
    }

    private bool AddSelf(DirectoryWriter entries, ReadOnlySpan<byte> name, Inode inode, ulong next, bool plus) =>
        plus ? entries.TryAddPlus(name, EntryOf(inode), next) : entries.TryAdd(name, inode.Ino, ModeOf(inode.Attributes), next);

    private bool Add(DirectoryWriter entries, Inode directory, DirectoryEntry entry, ulong next, bool plus)
    {
        if (!plus)
            return entries.TryAdd(entry.Name.Bytes, inodes.NumberOf(directory, entry), ModeOf(entry.Attributes), next);
        Inode inode = inodes.Tell(directory, entry);
        bool added = entries.TryAddPlus(entry.Name.Bytes, EntryOf(inode), next);
        if (!added)
            inodes.Forget(inode.NodeId, 1);
        return added;
    }

    public override ValueTask<FuseResult<FuseStatFs>> StatFsAsync(FuseRequest request, ulong nodeid) => sizes().AsAnswer();

    public override ValueTask<FuseResult<ReadOnlyMemory<byte>>> GetXattrAsync(FuseRequest request, ulong nodeid, ReadOnlyMemory<byte> name)
    {
        if (inodes.Find(nodeid) is not { } inode)
            return FuseAnswer.Failed<ReadOnlyMemory<byte>>(Errno.ESTALE);
        foreach (Xattr xattr in inode.Attributes.Xattrs)
        {
            if (name.Span.SequenceEqual(xattr.Name))
                return new ReadOnlyMemory<byte>(xattr.Value).AsAnswer();
        }
        return MagicXattrs.MayBe(name.Span) && magic(inode).Find(name.Span) is { } value ? new ReadOnlyMemory<byte>(value).AsAnswer()
            : FuseAnswer.Failed<ReadOnlyMemory<byte>>(Errno.ENODATA);
    }

    public override ValueTask<FuseResult<ReadOnlyMemory<byte>>> ListXattrAsync(FuseRequest request, ulong nodeid)
    {
        if (inodes.Find(nodeid) is not { } inode)
            return FuseAnswer.Failed<ReadOnlyMemory<byte>>(Errno.ESTALE);
        var names = new MemoryStream();
        foreach (Xattr xattr in inode.Attributes.Xattrs)
        {
            names.Write(xattr.Name);
            names.WriteByte(0);
        }
        magic(inode).AppendNames(names, request.Pid);
        return new ReadOnlyMemory<byte>(names.ToArray()).AsAnswer();
    }

    /// <summary>Sees to it that a directory's entries are there; all who need them wait for one loading.</summary>
    private ValueTask<Errno> LoadAsync(Inode directory, FuseRequest request)
    {
        lock (inodes.Gate)
        {
            if (directory.Directory is not null)
                return new(0);
        }
        return LoadSlowAsync(directory, request);
    }

    private async ValueTask<Errno> LoadSlowAsync(Inode directory, FuseRequest request)
    {
        using var killed = new KillWatch(request, time);
        while (true)
        {
            Task<Errno> loading;
            lock (inodes.Gate)
            {
                if (directory.Directory is not null)
                    return 0;
                if (directory.Loading is null || directory.Loading.IsCompleted)
                    directory.Loading = LoadIntoAsync(directory, directory.Data);
                loading = directory.Loading;
            }
            try
            {
                if (await loading.WaitAsync(reading.Timeout, time, killed.Dying) is var error and not Errno.EAGAIN)
                    return error;
            }
            catch (TimeoutException)
            {
                log.Warning("{Directory:l}: ETIMEDOUT after {Seconds} s", directory.ToString(), reading.Timeout.TotalSeconds);
                return Errno.EIO;
            }
            catch (OperationCanceledException)
            {
                return Errno.EINTR;
            }
        }
    }

    private async Task<Errno> LoadIntoAsync(Inode directory, DataReference data)
    {
        await Task.Yield(); // not under the caller's lock
        DirectoryLoad load = await contents.LoadAsync(data, $"directory {directory}", CancellationToken.None);
        lock (inodes.Gate)
        {
            if (directory.Data != data)
                return Errno.EAGAIN; // a new generation has come meanwhile
            directory.Directory = load.Directory;
            return load.Error;
        }
    }

    private EntryOut EntryOf(Inode inode) => new()
    {
        NodeId = inode.NodeId, Generation = inode == inodes.Root ? 0 : reading.HandleGeneration, EntryValid = EntryOut.Forever, AttrValid = EntryOut.Forever, Attr = AttrOf(inode),
    };

    private FuseAttr AttrOf(Inode inode)
    {
        EntryAttributes a = inode.Attributes;
        return new FuseAttr
        {
            Ino = inode.Ino, Size = a.Type == EntryType.Directory ? 4096 : a.Size, Blocks = BlocksOf(inode),
            Atime = (ulong)a.Mtime.Seconds, Mtime = (ulong)a.Mtime.Seconds, Ctime = (ulong)a.Mtime.Seconds,
            AtimeNsec = a.Mtime.Nanoseconds, MtimeNsec = a.Mtime.Nanoseconds, CtimeNsec = a.Mtime.Nanoseconds,
            Mode = ModeOf(a), Nlink = a.LinkCount, Uid = reading.Owner.UidOf(a), Gid = reading.Owner.GidOf(a),
            Rdev = FuseAttr.MakeDevice(a.RdevMajor, a.RdevMinor), Blksize = 128 << 10,
        };
    }

    /// <summary>
    /// Blocks that hold data. Where that is not known yet one less than would hold all: so programs that keep holes (tar -S,
    /// cp) look for them.
    /// </summary>
    private static ulong BlocksOf(Inode inode)
    {
        EntryAttributes a = inode.Attributes;
        ulong all = (a.Size + 511) / 512;
        return inode.Blocks != Inode.Unknown ? (ulong)inode.Blocks
            : a.Type == EntryType.Regular && a.Size > FullUntil ? all - 1 : all;
    }

    private uint ModeOf(EntryAttributes a) => reading.Owner.ModeOf(a);
}
