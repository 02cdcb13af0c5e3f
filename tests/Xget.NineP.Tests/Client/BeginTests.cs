using System.Text;
using Mono.Unix.Native;
using Xget.Testing;

namespace Xget.NineP.Tests.Client;

/// <summary>A client that asks before the server has answered its Tversion.</summary>
public sealed class BeginTests : IAsyncDisposable
{
    private const int Msize = 65536;
    private readonly ManualTime _time = new();
    private readonly MemoryConnection _near;
    private readonly ScriptedPeer _peer;
    private readonly NinePClient _client;

    public BeginTests()
    {
        (_near, MemoryConnection far) = MemoryConnection.Pair();
        _peer = new ScriptedPeer(far);
        _client = NinePClient.Begin(_near, new ClientOptions { Msize = Msize }, _time);
    }

    public static TheoryData<byte[], Errno> Refusals => new()
    {
        { Rversion(Msize, "9P2000"), Errno.EPROTONOSUPPORT },
        { Rversion(Msize, "9P2000.u"), Errno.EPROTONOSUPPORT },
        { Rversion(Msize, "unknown"), Errno.EPROTONOSUPPORT },
        { Rversion(4095, "9P2000.L"), Errno.EPROTO },
        { Rversion(0, "9P2000.L"), Errno.EPROTO },
        { Rversion(Msize + 1, "9P2000.L"), Errno.EPROTO },
        { Frames.Error(Dialect.NineP2000, NinePLimits.NoTag, Errno.EMSGSIZE, "Message too long"), Errno.EMSGSIZE },
        { Frames.Error(Dialect.NineP2000L, NinePLimits.NoTag, Errno.EBUSY), Errno.EBUSY },
        { Frames.Empty(MessageType.Rclunk, 0), Errno.EPROTO },
        { Frames.Data(MessageType.Rread, 0, [1, 2, 3]), Errno.EPROTO },
        { Frames.Raw((byte)MessageType.Rversion, NinePLimits.NoTag, 0, 32, 0, 0, 200, 0), Errno.EPROTO },
        { "HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), Errno.EPROTO },
        { [0, 0, 0, 0, 101, 255, 255], Errno.EPROTO },
        { [255, 255, 255, 255, 101, 255, 255], Errno.EPROTO },
    };

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _peer.DisposeAsync();
        Assert.Equal(0, _client.Outstanding);
        Assert.True(_client.Closed.IsCancellationRequested);
    }

    private static byte[] Rversion(uint msize, string version = "9P2000.L") =>
        Frames.Version(msize, version, MessageType.Rversion);

    /// <summary>Asks for one thing; the Tversion before it is taken off the wire.</summary>
    private async Task<Task<Reply<bool>>> AskAsync(uint fid = 5)
    {
        Task<Reply<bool>> clunk = _client.ClunkAsync(fid).AsTask();
        Assert.Equal(Frames.Version(Msize, "9P2000.L"), await _peer.ReceiveAsync());
        Assert.Equal(Frames.Clunk(0, fid), await _peer.ReceiveAsync());
        return clunk;
    }

    [Fact]
    public async Task The_first_burst_is_Tversion_and_what_was_asked_in_one_send_and_nothing_is_sent_twice()
    {
        Assert.Equal(0, _near.Sends);
        Task<Reply<Qid>> attach;
        Task<Reply<int>> read;
        using (_client.Burst())
        {
            attach = _client.AttachAsync(_client.NewFid(), "root", "").AsTask();
            _ = _client.WalkAsync(0, _client.NewFid(), "a", "b").AsTask();
            _ = _client.OpenAsync(1, OpenFlags.O_RDONLY).AsTask();
            read = _client.ReadAsync(1, 0, new byte[100]).AsTask();
        }

        Assert.Equal(1, _near.Sends);
        Assert.Equal(Frames.Version(Msize, "9P2000.L"), await _peer.ReceiveAsync());
        Assert.Equal(Frames.Attach(0, 0, nUname: NinePLimits.NoNUname), await _peer.ReceiveAsync());
        Assert.Equal(Frames.Walk(1, 0, 1, "a", "b"), await _peer.ReceiveAsync());
        Assert.Equal(Frames.LOpen(2, 1), await _peer.ReceiveAsync());
        Assert.Equal(Frames.Read(3, 1, 0, 100), await _peer.ReceiveAsync());

        Qid root = new(QidType.Directory, 1, 2);
        await _peer.SendAsync(Rversion(Msize), Frames.Make(f => QidMessage.Write(f, MessageType.Rattach, 0, root)));
        Assert.Equal(new(0, root), await attach);
        await _peer.SendAsync(Frames.Data(MessageType.Rread, 3, [1, 2, 3]));
        Assert.Equal(new(0, 3), await read);
        Assert.Equal((1, (Errno)0, Dialect.NineP2000L), (_near.Sends, _client.Refused, _client.Dialect));
        _ = _client.ClunkAsync(9).AsTask();
        Assert.Equal(Frames.Clunk(0, 9), await _peer.ReceiveAsync());
    }

    [Fact]
    public async Task The_answers_may_come_byte_by_byte()
    {
        Task<Reply<bool>> clunk = await AskAsync();
        byte[] answers = [.. Rversion(8192), .. Frames.Empty(MessageType.Rclunk, 0)];
        foreach (byte b in answers)
        {
            await _peer.SendAsync([b]);
        }

        Assert.True((await clunk).Ok);
        Assert.Equal(8192, _client.Msize);
    }

    [Theory]
    [InlineData(Msize - 1)]
    [InlineData(4096)]
    public async Task A_smaller_msize_is_taken_over(int msize)
    {
        Task<Reply<bool>> clunk = await AskAsync();
        Assert.Equal(Msize, _client.Msize);
        await _peer.SendAsync(Rversion((uint)msize), Frames.Empty(MessageType.Rclunk, 0));
        Assert.True((await clunk).Ok);
        Assert.Equal(msize, _client.Msize);
        _ = _client.ReadAsync(1, 0, new byte[Msize]).AsTask();
        Assert.Equal(Frames.Read(0, 1, 0, (uint)(msize - NinePLimits.IoHeaderSize)), await _peer.ReceiveAsync());
    }

    [Fact]
    public async Task Until_the_answer_no_request_is_larger_than_every_server_takes()
    {
        const int most = 4096 - NinePLimits.IoHeaderSize;
        Task<Reply<bool>> clunk = await AskAsync();
        byte[] data = new byte[10_000];
        _ = _client.WriteAsync(1, 0, data).AsTask();
        Assert.Equal(Frames.Write(1, 1, 0, data[..most]), await _peer.ReceiveAsync());
        Assert.Equal(Errno.EMSGSIZE, (await _client.AttachAsync(1, new string('x', 5000), "")).Error);

        // A read asks for what was offered: the server gives what it can.
        _ = _client.ReadAsync(1, 0, new byte[Msize]).AsTask();
        Assert.Equal(Frames.Read(2, 1, 0, Msize - NinePLimits.IoHeaderSize), await _peer.ReceiveAsync());
        await _peer.SendAsync(Rversion(Msize), Frames.Empty(MessageType.Rclunk, 0));
        Assert.True((await clunk).Ok);
        _ = _client.WriteAsync(1, 0, data).AsTask();
        Assert.Equal(Frames.Write(0, 1, 0, data), await _peer.ReceiveAsync());
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Any_other_answer_loses_the_connection_and_tells_why(byte[] answer, Errno why)
    {
        Task<Reply<bool>> clunk = await AskAsync();
        Task<Reply<int>> patient = _client.ReadAsync(1, 0, new byte[1], Timeout.InfiniteTimeSpan).AsTask();
        await _peer.SendAsync(answer);
        Assert.Equal(Errno.ECONNRESET, (await clunk).Error);
        Assert.Equal(Errno.ECONNRESET, (await patient).Error);
        Assert.Equal(why, _client.Refused);
        Assert.Equal(Errno.ECONNRESET, (await _client.ClunkAsync(6)).Error);
    }

    [Fact]
    public async Task Half_an_answer_is_none()
    {
        Task<Reply<bool>> clunk = await AskAsync();
        await _peer.SendAsync(Rversion(Msize)[..12]);
        await _peer.DisposeAsync();
        Assert.Equal(Errno.ECONNRESET, (await clunk).Error);
        Assert.Equal(Errno.EPROTO, _client.Refused);
    }

    [Fact]
    public async Task A_server_that_hangs_up_is_a_reset()
    {
        Task<Reply<bool>> clunk = await AskAsync();
        await _peer.DisposeAsync();
        Assert.Equal(Errno.ECONNRESET, (await clunk).Error);
        Assert.Equal(Errno.ECONNRESET, _client.Refused);
    }

    [Fact]
    public async Task A_server_that_says_nothing_costs_one_time_out_however_patient_the_request()
    {
        await AskAsync();
        Task<Reply<int>> patient = _client.ReadAsync(1, 0, new byte[1], Timeout.InfiniteTimeSpan).AsTask();
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(patient.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(Errno.ECONNRESET, (await patient).Error);
        Assert.Equal(Errno.ETIMEDOUT, _client.Refused);
    }

    [Fact]
    public async Task A_server_that_has_answered_may_take_its_time_for_a_patient_read()
    {
        Task<Reply<bool>> clunk = await AskAsync();
        Task<Reply<int>> patient = _client.ReadAsync(1, 0, new byte[1], Timeout.InfiniteTimeSpan).AsTask();
        await _peer.SendAsync(Rversion(Msize), Frames.Empty(MessageType.Rclunk, 0));
        Assert.True((await clunk).Ok);
        _time.Advance(TimeSpan.FromDays(1));
        Assert.False(patient.IsCompleted);
        await _peer.SendAsync(Frames.Data(MessageType.Rread, 1, [7]));
        Assert.Equal(new(0, 1), await patient);
    }

    [Fact]
    public async Task A_loss_after_the_answer_is_no_refusal()
    {
        Task<Reply<bool>> clunk = await AskAsync();
        await _peer.SendAsync(Rversion(Msize), Frames.Empty(MessageType.Rclunk, 0));
        Assert.True((await clunk).Ok);
        await _client.DisposeAsync();
        Assert.Equal((Errno)0, _client.Refused);
    }

    [Fact]
    public async Task A_request_that_is_cancelled_before_the_answer_is_flushed_behind_it()
    {
        using CancellationTokenSource cancel = new();
        Task<Reply<bool>> clunk = _client.ClunkAsync(5, cancel.Token).AsTask();
        await cancel.CancelAsync();
        Assert.Equal(Errno.EINTR, (await clunk).Error);
        Assert.Equal(Frames.Version(Msize, "9P2000.L"), await _peer.ReceiveAsync());
        Assert.Equal(Frames.Clunk(0, 5), await _peer.ReceiveAsync());
        Assert.Equal(Frames.Flush(1, 0), await _peer.ReceiveAsync());
        await _peer.SendAsync(Rversion(Msize), Frames.Empty(MessageType.Rflush, 1));
        Task<Reply<bool>> next = _client.ClunkAsync(6).AsTask();
        byte[] request = await _peer.ReceiveAsync();
        await _peer.SendAsync(Frames.Empty(MessageType.Rclunk, Frames.TagOf(request)));
        Assert.True((await next).Ok);
    }

    [Fact]
    public async Task A_client_that_never_asked_ends_without_a_word()
    {
        await _client.DisposeAsync();
        Assert.Equal(0, _near.Sends);
        Assert.Equal(Errno.ECONNRESET, (await _client.ClunkAsync(1)).Error);
    }

    [Fact]
    public async Task Any_bytes_for_an_answer_end_in_replies_and_never_in_exceptions()
    {
        Random random = new(1);
        for (int round = 0; round < 300; round++)
        {
            (MemoryConnection near, MemoryConnection far) = MemoryConnection.Pair();
            await using ScriptedPeer peer = new(far);
            await using NinePClient client = NinePClient.Begin(near, new ClientOptions(), _time);
            Task<Reply<int>> read = client.ReadAsync(1, 0, new byte[100]).AsTask();
            byte[] answer = Rversion(8192);
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                answer[random.Next(answer.Length)] = (byte)random.Next(256);
            }

            Assert.Null(await Record.ExceptionAsync(() => peer.SendAsync(answer)));
            await peer.DisposeAsync();
            Assert.Equal(Errno.ECONNRESET, (await read).Error);
        }
    }

    [Theory]
    [InlineData(Dialect.NineP2000)]
    [InlineData(Dialect.NineP2000u)]
    [InlineData(Dialect.NineP2000L)]
    public async Task A_server_serves_the_whole_burst_in_one_round_trip(Dialect dialect)
    {
        TestTree tree = new();
        tree.Root.AddDirectory("sub").AddFile("file", "some bytes");
        NinePServer server = new(tree, new ServerOptions { MaxMsize = 8192 }, TimeProvider.System);
        (MemoryConnection near, MemoryConnection far) = MemoryConnection.Pair();
        Task serving = server.ServeAsync(far, CancellationToken.None);
        await using (NinePClient client = NinePClient.Begin(
            near, new ClientOptions { Dialect = dialect }, TimeProvider.System))
        {
            byte[] buffer = new byte[100_000];
            Task<Reply<Qid>> attach;
            Task<Reply<Qid[]>> walk;
            Task<Reply<(Qid, uint)>> open;
            Task<Reply<int>> read;
            Task<Reply<bool>> clunk;
            using (client.Burst())
            {
                attach = client.AttachAsync(client.NewFid(), "root", "").AsTask();
                uint fid = client.NewFid();
                walk = client.WalkAsync(0, fid, "sub", "file").AsTask();
                open = client.OpenAsync(fid, OpenFlags.O_RDONLY).AsTask();
                read = client.ReadAsync(fid, 0, buffer).AsTask();
                clunk = client.ClunkAsync(fid).AsTask();
            }

            Assert.True((await attach).Ok);
            Assert.Equal(2, (await walk).Value.Length);
            Assert.True((await open).Ok);
            Assert.Equal("some bytes", Encoding.UTF8.GetString(buffer, 0, (await read).Value));
            Assert.True((await clunk).Ok);
            Assert.Equal((dialect, 8192, 1), (client.Dialect, client.Msize, near.Sends));
        }

        await serving;
        Assert.Equal((0, 1), (tree.Open, tree.Disconnections));
    }
}
