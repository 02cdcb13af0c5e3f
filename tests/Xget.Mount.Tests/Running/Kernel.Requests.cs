using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Mono.Unix.Native;
using Xget.Fuse;
using Dirent = Xget.Fuse.Dirent;

namespace Xget.Mount.Tests.Running;

/// <summary>The requests of system calls.</summary>
internal sealed partial class Kernel
{
    private const int ReplyHeader = 16;

    /// <summary>An entry of a listing; with what a look-up would give if it was asked for.</summary>
    public sealed record Listed(string Name, ulong Ino, uint Type, ulong Next, EntryWire? Entry);

    /// <summary>An open file.</summary>
    public sealed record Opened(ulong NodeId, ulong Handle, FuseOpenFlags Flags, int BackingId);

    public async Task<FuseResult<EntryWire>> TryLookupAsync(ulong parent, string name)
    {
        byte[] reply = await AskAsync(FuseOpcode.Lookup, parent, Name(name));
        FuseResult<EntryWire> entry = Struct<EntryWire>(reply);
        if (entry is { Error: 0, Value.NodeId: not 0 })
            _paths[entry.Value.NodeId] = Below(parent, name);
        return entry;
    }

    /// <summary>Looks up every name of a path.</summary>
    public async Task<EntryWire> WalkAsync(string path)
    {
        EntryWire entry = new() { NodeId = 1 };
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            FuseResult<EntryWire> found = await TryLookupAsync(entry.NodeId, name);
            Assert.Equal((Errno)0, found.Error);
            entry = found.Value;
            Assert.True(entry.NodeId != 0, $"{path}: there is no {name}");
        }
        return entry;
    }

    public async Task<FuseAttr> GetAttrAsync(ulong nodeid) =>
        Value(Struct<AttrWire>(await AskAsync(FuseOpcode.GetAttr, nodeid, Bytes(new GetAttrIn())))).Attr;

    public async Task<FuseResult<byte[]>> TryReadLinkAsync(ulong nodeid) => Body(await AskAsync(FuseOpcode.ReadLink, nodeid));

    public async Task<FuseResult<byte[]>> TryGetXattrAsync(ulong nodeid, string name, uint size = 65536) =>
        Body(await AskAsync(FuseOpcode.GetXattr, nodeid, Bytes(new GetXattrIn(size)), Name(name)));

    public async Task<string[]> ListXattrsAsync(ulong nodeid)
    {
        byte[] names = Value(Body(await AskAsync(FuseOpcode.ListXattr, nodeid, Bytes(new GetXattrIn(65536)))));
        return Encoding.UTF8.GetString(names).Split('\0', StringSplitOptions.RemoveEmptyEntries);
    }

    public async Task<FuseStatFs> StatFsAsync() => Value(Struct<FuseStatFs>(await AskAsync(FuseOpcode.StatFs, 1)));

    /// <summary>One answer's entries, from an offset on.</summary>
    public async Task<FuseResult<Listed[]>> TryListAsync(ulong nodeid, bool plus, ulong offset, uint size)
    {
        byte[] reply = await AskAsync(plus ? FuseOpcode.ReadDirPlus : FuseOpcode.ReadDir, nodeid, Bytes(new ReadIn(0, offset, size, 0, 0, 0)));
        if (ErrorOf(reply) is var error and not 0)
            return error;
        Assert.True(reply.Length - ReplyHeader <= size);
        List<Listed> entries = [];
        for (int at = ReplyHeader; at < reply.Length;)
        {
            EntryWire? entry = plus ? MemoryMarshal.Read<EntryWire>(reply.AsSpan(at)) : null;
            at += plus ? Unsafe.SizeOf<EntryWire>() : 0;
            Dirent dirent = MemoryMarshal.Read<Dirent>(reply.AsSpan(at));
            at += Unsafe.SizeOf<Dirent>();
            string name = Encoding.UTF8.GetString(reply, at, (int)dirent.NameLen);
            at += (int)dirent.NameLen;
            at = (at - ReplyHeader + 7 & ~7) + ReplyHeader;
            if (entry is { NodeId: not 0 } known && name is not ("." or ".."))
                _paths[known.NodeId] = Below(nodeid, name);
            entries.Add(new Listed(name, dirent.Ino, dirent.Type, dirent.Off, entry));
        }
        return entries.ToArray();
    }

    /// <summary>A whole directory, in as many answers as it takes.</summary>
    public async Task<(List<Listed> Entries, int Answers)> ListAsync(ulong nodeid, bool plus, uint size = 4096)
    {
        List<Listed> all = [];
        for (int answers = 1; ; answers++)
        {
            Listed[] some = Value(await TryListAsync(nodeid, plus, all.Count == 0 ? 0 : all[^1].Next, size));
            if (some.Length == 0)
                return (all, answers);
            all.AddRange(some);
        }
    }

    /// <summary>open(2), with the kernel's own check of the mode.</summary>
    public async Task<FuseResult<Opened>> TryOpenAsync(ulong nodeid, OpenFlags flags = OpenFlags.O_RDONLY)
    {
        FuseResult<OpenOut> reply = Struct<OpenOut>(await AskAsync(FuseOpcode.Open, nodeid, Bytes(new OpenIn((uint)flags, 0))));
        if (reply.Error != 0)
            return reply.Error;
        OpenOut open = reply.Value;
        Assert.Equal(open.Flags.HasFlag(FuseOpenFlags.Passthrough), open.BackingId > 0);
        Assert.True(open.BackingId == 0 || _backing.ContainsKey(open.BackingId), "that backing id is closed");
        KernelOpens opens = _opens.GetOrAdd(nodeid, _ => new KernelOpens());
        lock (opens)
            Assert.True(opens.TryOpen(open.BackingId), "the kernel refuses to open it like that");
        return new Opened(nodeid, open.Fh, open.Flags, open.BackingId);
    }

    public async Task<Opened> OpenAsync(ulong nodeid) => Value(await TryOpenAsync(nodeid));

    public async Task CloseAsync(Opened file)
    {
        KernelOpens opens = _opens[file.NodeId];
        lock (opens)
            opens.Close();
        Assert.Equal((Errno)0, ErrorOf(await AskAsync(FuseOpcode.Release, file.NodeId, Bytes(new ReleaseIn(file.Handle, 0, 0, 0)))));
    }

    public (ulong Unique, Task<byte[]> Reply) BeginRead(Opened file, ulong offset, int size) =>
        Begin(FuseOpcode.Read, file.NodeId, Bytes(new ReadIn(file.Handle, offset, (uint)size, 0, 0, 0)));

    public async Task<FuseResult<byte[]>> TryReadAsync(Opened file, ulong offset, int size) =>
        Body(await BeginRead(file, offset, size).Reply.WaitAsync(TimeSpan.FromSeconds(30)));

    public async Task<byte[]> ReadAsync(Opened file, ulong offset, int size) => Value(await TryReadAsync(file, offset, size));

    /// <summary>All of a file, opened and closed.</summary>
    public async Task<byte[]> ReadAllAsync(string path)
    {
        EntryWire entry = await WalkAsync(path);
        Opened file = await OpenAsync(entry.NodeId);
        var bytes = new MemoryStream();
        while (bytes.Length < (long)entry.Attr.Size)
            bytes.Write(await ReadAsync(file, (ulong)bytes.Length, (int)Math.Min(128 << 10, (long)entry.Attr.Size - bytes.Length)));
        await CloseAsync(file);
        return bytes.ToArray();
    }

    public static T Value<T>(FuseResult<T> result)
    {
        Assert.Equal((Errno)0, result.Error);
        return result.Value;
    }

    private static byte[] Name(string name) => Encoding.UTF8.GetBytes(name + "\0");

    private static FuseResult<byte[]> Body(byte[] reply) => ErrorOf(reply) is var error and not 0 ? error : reply[ReplyHeader..];

    private static FuseResult<T> Struct<T>(byte[] reply) where T : unmanaged =>
        ErrorOf(reply) is var error and not 0 ? error : MemoryMarshal.Read<T>(reply.AsSpan(ReplyHeader));
}
