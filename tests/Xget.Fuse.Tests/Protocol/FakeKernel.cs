using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Fuse.Tests.Protocol;

/// <summary>The kernel's end of a connection, for tests without a mount: requests out, replies in.</summary>
internal sealed class FakeKernel : FuseChannel
{
    public const int HeaderSize = 40;
    private readonly ConcurrentQueue<byte[]> _received = [];
    private readonly SemaphoreSlim _arrived = new(0);
    private ulong _unique = 100;

    public FakeKernel(FuseFileSystem files, MountOptions? options = null)
    {
        Core = new FuseCore(files, (options ?? new MountOptions()) with { Complaint = Complaints.Enqueue }, this);
    }

    public FuseCore Core { get; }

    public ConcurrentQueue<string> Complaints { get; } = [];

    /// <summary>What the next reply or notification is met with.</summary>
    public Errno Verdict { get; set; }

    public int ReplyCount => _received.Count;

    /// <summary>A connection of 7.45 with all that a kernel offers.</summary>
    public static FakeKernel Connected(FuseFileSystem files, MountOptions? options = null)
    {
        FakeKernel kernel = new(files, options);
        byte[] reply = kernel.Ask(26, 0, Init(7, 45, 0x73fffffb, 0x5fd));
        Assert.Equal(0, ErrorOf(reply));
        return kernel;
    }

    public static byte[] Init(uint major, uint minor, uint flags, uint flags2)
    {
        byte[] body = new byte[64];
        uint[] fields = [major, minor, 131072, flags, flags2];
        for (int i = 0; i < fields.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(4 * i), fields[i]);
        }

        return body;
    }

    /// <summary>A request as it lies in the reader's buffer.</summary>
    public static byte[] Request(uint opcode, ulong unique, ulong nodeid, params byte[] body)
    {
        byte[] request = new byte[HeaderSize + body.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(request, (uint)request.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(4), opcode);
        BinaryPrimitives.WriteUInt64LittleEndian(request.AsSpan(8), unique);
        BinaryPrimitives.WriteUInt64LittleEndian(request.AsSpan(16), nodeid);
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(24), 1000); // uid
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(28), 1001); // gid
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(32), 4242); // pid
        body.CopyTo(request, HeaderSize);
        return request;
    }

    public static byte[] Name(string name) => Encoding.UTF8.GetBytes(name + "\0");

    /// <summary>The body of READ, READDIR and READDIRPLUS.</summary>
    public static byte[] ReadBody(ulong fh, ulong offset, uint size)
    {
        byte[] body = new byte[40];
        BinaryPrimitives.WriteUInt64LittleEndian(body, fh);
        BinaryPrimitives.WriteUInt64LittleEndian(body.AsSpan(8), offset);
        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(16), size);
        return body;
    }

    public static int ErrorOf(byte[] reply) => BinaryPrimitives.ReadInt32LittleEndian(reply.AsSpan(4));

    public static ulong UniqueOf(byte[] reply) => BinaryPrimitives.ReadUInt64LittleEndian(reply.AsSpan(8));

    /// <summary>Hands the bytes over without waiting for anything.</summary>
    public void Deliver(byte[] bytes)
    {
        FuseRequest request = Core.Requests.Rent();
        int length = Math.Min(bytes.Length, request.Buffer.Length);
        bytes.AsSpan(0, length).CopyTo(request.Buffer);
        Core.Handle(request, this, length);
    }

    /// <summary>Forgets the replies that nobody has looked at.</summary>
    public void Clear()
    {
        while (_received.TryDequeue(out _))
        {
            _arrived.Wait(0);
        }
    }

    public ulong Send(uint opcode, ulong nodeid, params byte[] body)
    {
        ulong unique = _unique += 2;
        Deliver(Request(opcode, unique, nodeid, body));
        return unique;
    }

    /// <summary>Sends a request that is answered at once.</summary>
    public byte[] Ask(uint opcode, ulong nodeid, params byte[] body)
    {
        ulong unique = Send(opcode, nodeid, body);
        Assert.True(_received.TryDequeue(out byte[]? reply), "no reply");
        _arrived.Wait(0);
        Assert.Equal(unique, UniqueOf(reply));
        Assert.Equal((uint)reply.Length, BinaryPrimitives.ReadUInt32LittleEndian(reply));
        return reply;
    }

    public async Task<byte[]> ReceiveAsync()
    {
        Assert.True(await _arrived.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.True(_received.TryDequeue(out byte[]? reply));
        return reply;
    }

    public override Errno Send(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        _received.Enqueue([.. head, .. body]);
        Errno verdict = Verdict;
        Verdict = 0;
        _arrived.Release();
        return verdict;
    }

    public override FuseResult<int> BackingOpen(SafeFileHandle file) => 7;

    public override Errno BackingClose(int id) => 0;
}
