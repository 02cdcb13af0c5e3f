using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Fuse;

namespace Xget.Mount.Tests.Running;

/// <summary>
/// The kernel's end of a mount, without one: requests out as bytes, replies and notifications in. It refuses opens as the
/// kernel does, and keeps what it was given as backing files.
/// </summary>
internal sealed partial class Kernel : FuseChannel
{
    private readonly ConcurrentDictionary<ulong, TaskCompletionSource<byte[]>> _waiting = new();
    private readonly ConcurrentDictionary<int, byte[]> _backing = new();
    private readonly ConcurrentDictionary<ulong, string> _paths = new() { [1] = "/" };
    private readonly ConcurrentDictionary<ulong, KernelOpens> _opens = new();
    private ulong _unique = 100;
    private int _lastBacking;

    public Kernel(FuseFileSystem files)
    {
        Core = new FuseCore(files, new MountOptions { Complaint = Complaints.Enqueue }, this);
        byte[] reply = AskAsync(FuseOpcode.Init, 0, Bytes(new InitIn
        {
            Major = 7, Minor = 45, MaxReadahead = 131072, Flags = 0x73fffffb, Flags2 = 0x5fd,
        })).GetAwaiter().GetResult();
        Assert.Equal((Errno)0, ErrorOf(reply));
    }

    public FuseCore Core { get; }

    /// <summary>What is to be dropped: a name in a directory, the attributes of a node, or those and its listing.</summary>
    public sealed record Notice(string What, ulong NodeId, string Name);

    public ConcurrentQueue<string> Complaints { get; } = [];

    /// <summary>What the kernel was told to drop.</summary>
    public ConcurrentQueue<Notice> Notices { get; } = [];

    /// <summary>The backing files that are not closed.</summary>
    public IReadOnlyDictionary<int, byte[]> Backing => _backing;

    /// <summary>The thread that asks; 0, one in another PID namespace, counts as dying once it is interrupted.</summary>
    public uint CallerPid { get; set; }

    /// <summary>Whether it says that passthrough is not possible.</summary>
    public bool RefusesBacking { get; set; }

    /// <summary>A request that is on its way, and what its reply will be.</summary>
    public (ulong Unique, Task<byte[]> Reply) Begin(FuseOpcode opcode, ulong nodeid, params byte[][] body)
    {
        ulong unique = Interlocked.Add(ref _unique, 2);
        var reply = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.TryAdd(unique, reply);
        Deliver(opcode, unique, nodeid, body);
        return (unique, reply.Task);
    }

    public async Task<byte[]> AskAsync(FuseOpcode opcode, ulong nodeid, params byte[][] body) =>
        await Begin(opcode, nodeid, body).Reply.WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>The caller of that request was sent a signal.</summary>
    public void Interrupt(ulong unique) => Deliver(FuseOpcode.Interrupt, Interlocked.Add(ref _unique, 2), 0, Bytes(new InterruptIn(unique)));

    public void Forget(ulong nodeid, ulong count) =>
        Deliver(FuseOpcode.Forget, Interlocked.Add(ref _unique, 2), nodeid, BitConverter.GetBytes(count));

    public static Errno ErrorOf(byte[] reply) => (Errno)(-MemoryMarshal.Read<OutHeader>(reply).Error);

    private static byte[] Bytes<T>(T value) where T : unmanaged => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray();

    /// <summary>What a record struct with padding at its end looks like on the wire.</summary>
    private static byte[] Bytes(InitIn value)
    {
        byte[] body = new byte[64];
        uint[] fields = [value.Major, value.Minor, value.MaxReadahead, value.Flags, value.Flags2];
        Buffer.BlockCopy(fields, 0, body, 0, sizeof(uint) * fields.Length);
        return body;
    }

    private void Deliver(FuseOpcode opcode, ulong unique, ulong nodeid, params byte[][] body)
    {
        FuseRequest request = Core.Requests.Rent();
        int length = Unsafe.SizeOf<InHeader>();
        foreach (byte[] part in body)
        {
            part.CopyTo(request.Buffer, length);
            length += part.Length;
        }
        var header = new InHeader { Len = (uint)length, Opcode = opcode, Unique = unique, NodeId = nodeid, Pid = CallerPid };
        MemoryMarshal.Write(request.Buffer, in header);
        Core.Handle(request, this, length);
    }

    public override Errno Send(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        byte[] message = [.. head, .. body];
        OutHeader header = MemoryMarshal.Read<OutHeader>(message);
        if (header.Unique == 0)
            Notices.Enqueue(NoticeOf((NotifyCode)header.Error, message.AsSpan(Unsafe.SizeOf<OutHeader>())));
        else if (_waiting.TryRemove(header.Unique, out TaskCompletionSource<byte[]>? waiting))
            waiting.SetResult(message);
        else
            return Errno.ENOENT;
        return 0;
    }

    private static Notice NoticeOf(NotifyCode code, ReadOnlySpan<byte> body)
    {
        if (code == NotifyCode.InvalInode)
        {
            NotifyInvalInode inode = MemoryMarshal.Read<NotifyInvalInode>(body);
            return new Notice(inode.Off < 0 ? "attributes" : "listing", inode.Ino, "");
        }
        Assert.Equal(NotifyCode.InvalEntry, code);
        NotifyInvalEntry entry = MemoryMarshal.Read<NotifyInvalEntry>(body);
        return new Notice("name", entry.Parent, Encoding.UTF8.GetString(body.Slice(Unsafe.SizeOf<NotifyInvalEntry>(), (int)entry.NameLen)));
    }

    /// <summary>For people: "name dir/a", "attributes dir", "listing dir".</summary>
    public string[] Print(IEnumerable<Notice> notices) =>
        [.. notices.Select(n => $"{n.What} {(n.Name.Length > 0 ? Below(n.NodeId, n.Name) : _paths[n.NodeId])}").Order(StringComparer.Ordinal)];

    private string Below(ulong parent, string name) => parent == 1 ? name : $"{_paths[parent]}/{name}";

    public override FuseResult<int> BackingOpen(SafeFileHandle file)
    {
        if (RefusesBacking)
            return Errno.EPERM;
        byte[] bytes = new byte[RandomAccess.GetLength(file)];
        RandomAccess.Read(file, bytes, 0);
        int id = Interlocked.Increment(ref _lastBacking);
        _backing[id] = bytes;
        return id;
    }

    public override Errno BackingClose(int id) => _backing.TryRemove(id, out _) ? 0 : Errno.ENOENT;
}
