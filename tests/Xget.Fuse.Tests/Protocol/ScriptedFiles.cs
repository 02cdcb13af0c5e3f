using Mono.Unix.Native;

namespace Xget.Fuse.Tests.Protocol;

/// <summary>A file system that does what each test says, and notes what it was asked.</summary>
internal sealed class ScriptedFiles : FuseFileSystem
{
    public List<string> Calls { get; } = [];

    public Func<FuseRequest, ReadOnlyMemory<byte>, ValueTask<FuseResult<EntryOut>>>? OnLookup { get; set; }

    public Func<FuseRequest, int, ValueTask<FuseResult<FuseData>>>? OnRead { get; set; }

    public Func<DirectoryWriter, ulong, ValueTask<Errno>>? OnReadDir { get; set; }

    public FuseResult<AttrOut> Attr { get; set; } = Errno.ENOENT;

    public FuseResult<StatxOut> Statx { get; set; } = Errno.ENOSYS;

    public FuseResult<OpenOut> Opened { get; set; } = new OpenOut();

    public FuseResult<OpenOut> OpenedDir { get; set; } = Errno.ENOSYS;

    public FuseResult<FuseStatFs> Sizes { get; set; } = new FuseStatFs();

    public FuseResult<ReadOnlyMemory<byte>> Bytes { get; set; } = Errno.ENODATA;

    public Action? OnInit { get; set; }

    public FuseConnection? Connection { get; private set; }

    public override void Init(FuseConnection connection)
    {
        Connection = connection;
        OnInit?.Invoke();
    }

    public override void Destroy() => Note("destroy");

    public override ValueTask<FuseResult<EntryOut>> LookupAsync(FuseRequest request, ulong parent,
        ReadOnlyMemory<byte> name) => OnLookup?.Invoke(request, name) ?? base.LookupAsync(request, parent, name);

    public override void Forget(ulong nodeid, ulong count) => Note($"forget {nodeid} {count}");

    public override void Unreadable(ulong nodeid, ulong fh, ulong offset, int size) =>
        Note($"unreadable {nodeid} {fh} {offset} {size}");

    public override ValueTask<FuseResult<AttrOut>> GetAttrAsync(FuseRequest request, ulong nodeid, ulong? fh)
    {
        Note($"getattr {nodeid} {fh}");
        return ValueTask.FromResult(Attr);
    }

    public override ValueTask<FuseResult<StatxOut>> StatxAsync(FuseRequest request, ulong nodeid, ulong? fh, uint flags,
        uint mask)
    {
        Note($"statx {nodeid} {fh} {flags:x} {mask:x}");
        return ValueTask.FromResult(Statx);
    }

    public override ValueTask<FuseResult<ReadOnlyMemory<byte>>> ReadLinkAsync(FuseRequest request, ulong nodeid) =>
        ValueTask.FromResult(Bytes);

    public override ValueTask<FuseResult<OpenOut>> OpenAsync(FuseRequest request, ulong nodeid, OpenFlags flags)
    {
        Note($"open {nodeid} {(int)flags:x}");
        return ValueTask.FromResult(Opened);
    }

    public override ValueTask<FuseResult<FuseData>> ReadAsync(FuseRequest request, ulong nodeid, ulong fh, ulong offset,
        int size)
    {
        Note($"read {nodeid} {fh} {offset} {size}");
        return OnRead?.Invoke(request, size) ?? base.ReadAsync(request, nodeid, fh, offset, size);
    }

    public override ValueTask<Errno> ReleaseAsync(FuseRequest request, ulong nodeid, ulong fh)
    {
        Note($"release {nodeid} {fh}");
        return ValueTask.FromResult<Errno>(0);
    }

    public override ValueTask<Errno> FsyncAsync(FuseRequest request, ulong nodeid, ulong fh, bool dataOnly)
    {
        Note($"fsync {nodeid} {fh} {dataOnly}");
        return ValueTask.FromResult(Errno.ENOSYS);
    }

    public override ValueTask<FuseResult<OpenOut>> OpenDirAsync(FuseRequest request, ulong nodeid, OpenFlags flags) =>
        ValueTask.FromResult(OpenedDir);

    public override ValueTask<Errno> ReadDirAsync(FuseRequest request, ulong nodeid, ulong fh, ulong offset,
        DirectoryWriter entries) => OnReadDir?.Invoke(entries, offset)
            ?? base.ReadDirAsync(request, nodeid, fh, offset, entries);

    public override ValueTask<FuseResult<FuseStatFs>> StatFsAsync(FuseRequest request, ulong nodeid) =>
        ValueTask.FromResult(Sizes);

    public override ValueTask<FuseResult<ReadOnlyMemory<byte>>> GetXattrAsync(FuseRequest request, ulong nodeid,
        ReadOnlyMemory<byte> name)
    {
        Note($"getxattr {nodeid} {System.Text.Encoding.UTF8.GetString(name.Span)}");
        return ValueTask.FromResult(Bytes);
    }

    public override ValueTask<FuseResult<ReadOnlyMemory<byte>>> ListXattrAsync(FuseRequest request, ulong nodeid) =>
        ValueTask.FromResult(Bytes);

    public override ValueTask<FuseResult<ulong>> LseekAsync(FuseRequest request, ulong nodeid, ulong fh, ulong offset,
        uint whence)
    {
        Note($"lseek {nodeid} {fh} {offset} {whence}");
        return ValueTask.FromResult<FuseResult<ulong>>(offset + 1);
    }

    private void Note(string call)
    {
        lock (Calls)
        {
            Calls.Add(call);
        }
    }
}
