using System.Net;
using Mono.Unix.Native;
using Xget.NineP;
using Xget.Node.Fetching;
using Xget.Testing;

namespace Xget.Node.Tests.Fetching;

/// <summary>How a node begins with its master and its parents, and what it says of those that answer something else.</summary>
public sealed class DialerTests : IAsyncDisposable
{
    /// <summary>The types of the messages that are written down here.</summary>
    private enum Type : byte
    {
        Rlerror = 7,
        Tversion = 100,
        Rversion = 101,
        Tattach = 104,
        Rattach = 105,
        Twalk = 110,
        Rwalk = 111,
    }

    private static readonly CancellationToken Never = CancellationToken.None;
    private readonly MemoryTransport _host = new();
    private readonly ManualTime _time = new();
    private readonly IListener _listener;
    private readonly NodeOptions _options;

    public DialerTests()
    {
        _listener = _host.Listen(Server);
        _options = new NodeOptions { Masters = [Server], Name = "node7" };
    }

    private IPEndPoint Server => new(_host.Address, 20004);

    public ValueTask DisposeAsync() => _listener.DisposeAsync();

    private Task<(NinePClient? Client, string? Reason)> AttachAsync() =>
        Dialer.AttachAsync(_host, Server, _options, _time, Never).AsTask();

    private async Task<ScriptedPeer> AcceptAsync() => new(await _listener.AcceptAsync(Never));

    /// <summary>The next connection, which begins with these two without waiting for an answer.</summary>
    private async Task<ScriptedPeer> AcceptBurstAsync()
    {
        ScriptedPeer peer = await AcceptAsync();
        Assert.Equal(Message(Type.Tversion, NinePLimits.NoTag), Start(await peer.ReceiveAsync()));
        Assert.Equal(Message(Type.Tattach, 0), Start(await peer.ReceiveAsync()));
        return peer;
    }

    private static (Type, ushort) Message(Type type, ushort tag) => (type, tag);

    private static (Type, ushort) Start(byte[] frame) =>
        ((Type)frame[4], BitConverter.ToUInt16(frame, 5));

    private static byte[] Frame(Type type, ushort tag, params byte[] body) =>
        [.. BitConverter.GetBytes(7 + body.Length), (byte)type, .. BitConverter.GetBytes(tag), .. body];

    private static byte[] Rversion(string version, int msize = 65536) => Frame(Type.Rversion, NinePLimits.NoTag,
        [.. BitConverter.GetBytes(msize), .. BitConverter.GetBytes((short)version.Length), .. version.Select(c => (byte)c)]);

    private static byte[] Rattach => Frame(Type.Rattach, 0, new byte[13]);

    private static byte[] Rlerror(Errno error, ushort tag = 0) =>
        Frame(Type.Rlerror, tag, BitConverter.GetBytes((int)error));

    [Fact]
    public async Task A_server_is_attached_to_in_one_round_trip()
    {
        Task<(NinePClient? Client, string? Reason)> attaching = AttachAsync();
        await using ScriptedPeer peer = await AcceptBurstAsync();
        await peer.SendAsync(Rversion("9P2000.L"), Rattach);
        (NinePClient? client, string? reason) = await attaching;
        Assert.NotNull(client);
        Assert.Null(reason);
        Assert.Equal(65536, client.Msize);
        Assert.Equal(1, _host.Connections.Single().Sends);
        await client.DisposeAsync();
    }

    [Theory]
    [InlineData("9P2000", 8192)]
    [InlineData("9P2000.L", 512)]
    public async Task A_server_that_answers_less_than_was_offered_is_asked_again_step_by_step(string version, int msize)
    {
        Task<(NinePClient? Client, string? Reason)> attaching = AttachAsync();
        await using ScriptedPeer first = await AcceptBurstAsync();
        await first.SendAsync(Rversion(version, msize));
        await using ScriptedPeer second = await AcceptAsync();
        Assert.Equal(Type.Tversion, Start(await second.ReceiveAsync()).Item1);
        await second.SendAsync(Rversion(version, msize));
        Assert.Equal(Type.Tattach, Start(await second.ReceiveAsync()).Item1);
        await second.SendAsync(Rattach);
        NinePClient? client = (await attaching).Client;
        Assert.NotNull(client);
        Assert.Equal(msize, client.Msize);
        Assert.Equal(2, _host.Connections.Count);
        await client.DisposeAsync();
    }

    public static TheoryData<byte[], string> Refusals => new()
    {
        { Rversion("unknown"), "does not speak 9P: is it an xget master?" },
        { Rlerror(Errno.EBUSY, NinePLimits.NoTag), "does not speak 9P: is it an xget master?" },
        { "HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), "does not speak 9P: is it an xget master?" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_server_that_refuses_twice_is_named_for_what_it_answered(byte[] answer, string reason)
    {
        Task<(NinePClient? Client, string? Reason)> attaching = AttachAsync();
        for (int i = 0; i < 2; i++)
        {
            await using ScriptedPeer peer = await AcceptAsync();
            await peer.ReceiveAsync();
            await peer.SendAsync(answer);
        }
        Assert.Equal((null, reason), await attaching);
        Assert.Equal(2, _host.Connections.Count);
    }

    [Fact]
    public async Task A_server_that_refuses_to_be_attached_to_is_not_asked_again()
    {
        Task<(NinePClient? Client, string? Reason)> attaching = AttachAsync();
        await using ScriptedPeer peer = await AcceptBurstAsync();
        await peer.SendAsync(Rversion("9P2000.L"), Rlerror(Errno.EACCES));
        Assert.Equal((null, "refuses us (permission denied)"), await attaching);
        Assert.Single(_host.Connections);
    }

    [Fact]
    public async Task A_server_that_hangs_up_or_says_nothing_is_not_asked_again()
    {
        Task<(NinePClient? Client, string? Reason)> attaching = AttachAsync();
        await (await AcceptBurstAsync()).DisposeAsync();
        Assert.Equal((null, "it closes the connection: is it an xget master?"), await attaching);
        attaching = AttachAsync();
        await using ScriptedPeer silent = await AcceptBurstAsync();
        _time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal((null, "no answer within 10 s: is it an xget master, is a firewall between?"), await attaching);
        Assert.Equal(2, _host.Connections.Count);
    }

    [Fact]
    public async Task A_parent_is_asked_before_it_has_answered_who_it_is()
    {
        await using var pool = new ParentPool(_options, _host, _time);
        NinePClient? client = (await pool.AcquireAsync(Server, isMaster: false, Never)).Client;
        Assert.NotNull(client);
        Task<Reply<Qid[]>> walk = client.WalkAsync(MasterLink.RootFid, client.NewFid(), "data").AsTask();
        Assert.Same(client, (await pool.AcquireAsync(Server, isMaster: false, Never)).Client);
        await using ScriptedPeer peer = await AcceptBurstAsync();
        Assert.Equal(Message(Type.Twalk, 1), Start(await peer.ReceiveAsync()));
        await peer.SendAsync(Rversion("9P2000.L"), Rattach, Frame(Type.Rwalk, 1, [1, 0, .. new byte[13]]));
        Assert.True((await walk).Ok);
        Assert.Same(client, (await pool.AcquireAsync(Server, isMaster: false, Never)).Client);
        Assert.Single(_host.Connections);
    }

    [Fact]
    public async Task A_parent_that_refuses_is_lost_and_connected_to_anew_next_time()
    {
        await using var pool = new ParentPool(_options, _host, _time);
        NinePClient? client = (await pool.AcquireAsync(Server, isMaster: false, Never)).Client;
        Assert.NotNull(client);
        Task<Reply<bool>> clunk = client.ClunkAsync(5).AsTask();
        await using ScriptedPeer peer = await AcceptBurstAsync();
        await peer.SendAsync(Rversion("9P2000.L"), Rlerror(Errno.EACCES));
        Assert.Equal(Errno.ECONNRESET, (await clunk).Error);
        await Until.TrueAsync(() => client.Closed.IsCancellationRequested);
        await pool.ReleaseAsync(Server, client);
        NinePClient? next = (await pool.AcquireAsync(Server, isMaster: false, Never)).Client;
        Assert.NotNull(next);
        Assert.NotSame(client, next);
        Assert.Equal(2, _host.Connections.Count);
    }

    [Fact]
    public async Task A_parent_that_nobody_can_be_connected_to_has_a_reason()
    {
        await using var pool = new ParentPool(_options, _host, _time);
        Assert.Equal((null, "connection refused"), await pool.AcquireAsync(new(_host.Address, 1), isMaster: false, Never));
        Assert.Empty(pool.Names());
    }
}
