using Mono.Unix.Native;
using Xget.Testing;

namespace Xget.NineP.Tests.Client;

/// <summary>Requests against a scripted server: what is sent, and what becomes of good and bad replies.</summary>
public sealed class RequestTests
{
    [Fact]
    public async Task Requests_are_sent_byte_by_byte_as_the_protocol_has_them()
    {
        await using ClientRig rig = await ClientRig.ConnectedAsync(Dialect.NineP2000u);
        Task<Reply<Qid>> attach = rig.Client.AttachAsync(0, "root", "").AsTask();
        byte[] request = await rig.Peer.ReceiveAsync();
        Assert.Equal(
            Frames.Attach(0, 0, dialect: Dialect.NineP2000u, nUname: NinePLimits.NoNUname), request);
        await rig.ReplyAsync(Frames.Make(f => QidMessage.Write(f, MessageType.Rattach, 0, new(QidType.Directory, 1, 2))));
        Assert.Equal(new(0, new(QidType.Directory, 1, 2)), await attach);

        Task<Reply<(Qid, uint)>> open = rig.Client.OpenAsync(4, OpenFlags.O_RDWR | OpenFlags.O_TRUNC).AsTask();
        Assert.Equal(Frames.Open(0, 4, 0x12), await rig.Peer.ReceiveAsync());
        await rig.ReplyAsync(Frames.Error(Dialect.NineP2000u, 0, Errno.EACCES, "go away"));
        Assert.Equal((Errno.EACCES, "go away"), ((await open).Error, (await open).ErrorText));
    }

    [Fact]
    public async Task Tags_are_the_lowest_free_ones_and_replies_may_come_in_any_order()
    {
        await using ClientRig rig = await ClientRig.ConnectedAsync();
        Task<Reply<bool>>[] clunks = [.. Enumerable.Range(0, 200).Select(i => rig.Client.ClunkAsync((uint)i).AsTask())];
        for (ushort tag = 0; tag < 200; tag++)
        {
            Assert.Equal(Frames.Clunk(tag, tag), await rig.Peer.ReceiveAsync());
        }

        Assert.Equal(200, rig.Client.Outstanding);
        await rig.ReplyAsync(Frames.Empty(MessageType.Rclunk, 150));
        await rig.ReplyAsync(Frames.Empty(MessageType.Rclunk, 7));
        await clunks[150];
        await clunks[7];
        _ = rig.Client.ClunkAsync(1000).AsTask();
        _ = rig.Client.ClunkAsync(1001).AsTask();
        _ = rig.Client.ClunkAsync(1002).AsTask();
        Assert.Equal(7, Frames.TagOf(await rig.Peer.ReceiveAsync()));
        Assert.Equal(150, Frames.TagOf(await rig.Peer.ReceiveAsync()));
        Assert.Equal(200, Frames.TagOf(await rig.Peer.ReceiveAsync()));
    }

    [Fact]
    public async Task Requests_of_a_burst_leave_with_one_send()
    {
        (MemoryConnection near, MemoryConnection far) = MemoryConnection.Pair();
        await using ScriptedPeer peer = new(far);
        Task<Reply<NinePClient>> connecting = NinePClient.ConnectAsync(
            near, new ClientOptions(), new ManualTime(), CancellationToken.None).AsTask();
        await peer.ReceiveAsync();
        await peer.SendAsync(Frames.Version(8192, "9P2000.L", MessageType.Rversion));
        await using NinePClient client = (await connecting).Value;
        int before = near.Sends;
        using (client.Burst())
        {
            _ = client.WalkAsync(0, 1, "a").AsTask();
            _ = client.OpenAsync(1, OpenFlags.O_RDONLY).AsTask();
            _ = client.ClunkAsync(1).AsTask();
            Assert.Equal(before, near.Sends);
        }

        Assert.Equal(before + 1, near.Sends);
    }

    [Fact]
    public async Task A_fid_is_free_again_when_its_clunk_is_answered_even_by_an_error()
    {
        await using ClientRig rig = await ClientRig.ConnectedAsync();
        uint fid = rig.Client.NewFid();
        Assert.NotEqual(fid, rig.Client.NewFid());
        Task<Reply<bool>> clunk = rig.Client.ClunkAsync(fid).AsTask();
        await rig.ExpectAsync(MessageType.Tclunk);
        Assert.NotEqual(fid, rig.Client.NewFid());
        await rig.ReplyAsync(Frames.Error(Dialect.NineP2000L, 0, Errno.EBADF));
        Assert.Equal(Errno.EBADF, (await clunk).Error);
        Assert.Equal(fid, rig.Client.NewFid());
    }

    [Fact]
    public async Task A_short_walk_is_ENOENT_with_the_qids_that_came()
    {
        await using ClientRig rig = await ClientRig.ConnectedAsync();
        Task<Reply<Qid[]>> walk = rig.Client.WalkAsync(0, 1, "a", "b").AsTask();
        await rig.ExpectAsync(MessageType.Twalk);
        await rig.ReplyAsync(Frames.Make(f => Rwalk.Write(f, 0, [new(QidType.Directory, 1, 2)])));
        Reply<Qid[]> reply = await walk;
        Assert.Equal(Errno.ENOENT, reply.Error);
        Assert.Single(reply.Value);
    }

    [Fact]
    public async Task More_than_sixteen_names_become_several_walks_and_leave_no_fid_behind()
    {
        await using ClientRig rig = await ClientRig.ConnectedAsync();
        string[] names = [.. Enumerable.Range(0, 20).Select(i => $"n{i}")];
        Task<Reply<Qid[]>> walk = rig.Client.WalkAsync(0, 5, names).AsTask();
        Assert.Equal(Frames.Walk(0, 0, 5, names[..16]), await rig.Peer.ReceiveAsync());
        await rig.ReplyAsync(Frames.Make(f => Rwalk.Write(f, 0, new Qid[16])));
        Assert.Equal(Frames.Walk(0, 5, 5, names[16..]), await rig.Peer.ReceiveAsync());
        await rig.ReplyAsync(Frames.Make(f => Rwalk.Write(f, 0, new Qid[1])));
        Assert.Equal(Frames.Clunk(0, 5), await rig.Peer.ReceiveAsync());
        await rig.ReplyAsync(Frames.Empty(MessageType.Rclunk, 0));
        Reply<Qid[]> reply = await walk;
        Assert.Equal((Errno.ENOENT, 17), (reply.Error, reply.Value.Length));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(16 * 1024)]
    [InlineData(65536 - 24)]
    public async Task Data_arrive_in_the_callers_buffer_however_they_are_cut(int size)
    {
        await using ClientRig rig = await ClientRig.ConnectedAsync();
        byte[] bytes = new byte[size];
        Random random = new(size);
        random.NextBytes(bytes);
        byte[] buffer = new byte[size + 10];
        for (int round = 0; round < 5; round++)
        {
            Array.Clear(buffer);
            Task<Reply<int>> read = rig.Client.ReadAsync(1, 0, buffer).AsTask();
            Task<Reply<bool>> clunk = rig.Client.ClunkAsync(9).AsTask();
            await rig.ExpectAsync(MessageType.Tread);
            await rig.ExpectAsync(MessageType.Tclunk);
            byte[] replies = [.. Frames.Data(MessageType.Rread, 0, bytes), .. Frames.Empty(MessageType.Rclunk, 1)];
            for (int at = 0; at < replies.Length;)
            {
                int piece = Math.Min(random.Next(1, replies.Length), replies.Length - at);
                await rig.Peer.SendAsync(replies[at..(at + piece)]);
                at += piece;
                await Task.Yield();
            }

            Assert.Equal(size, (await read).Value);
            Assert.True((await clunk).Ok);
            Assert.Equal(bytes, buffer[..size]);
            Assert.Equal(new byte[10], buffer[size..]);
        }
    }

    [Fact]
    public async Task A_read_asks_for_no_more_than_msize_less_24()
    {
        await using ClientRig rig = await ClientRig.ConnectedAsync(msize: 32792);
        _ = rig.Client.ReadAsync(1, 7, new byte[100_000]).AsTask();
        Assert.Equal(Frames.Read(0, 1, 7, 32768), await rig.Peer.ReceiveAsync());
    }

    [Fact]
    public async Task A_write_that_the_server_takes_in_part_says_so()
    {
        await using ClientRig rig = await ClientRig.ConnectedAsync();
        Task<Reply<int>> write = rig.Client.WriteAsync(1, 2, Frames.Bytes("hello")).AsTask();
        Assert.Equal(Frames.Write(0, 1, 2, Frames.Bytes("hello")), await rig.Peer.ReceiveAsync());
        await rig.ReplyAsync(Frames.Make(f => Rwrite.Write(f, 0, 3)));
        Assert.Equal(3, (await write).Value);
    }

    public static TheoryData<byte[]> BadReplies => new()
    {
        { Frames.Empty(MessageType.Rflush, 0) },
        { Frames.Make(f => Rwalk.Write(f, 0, new Qid[2])) },
        { Frames.Raw((byte)MessageType.Rwalk, 0, 1, 0, 1, 2, 3) },
        { Frames.Data(MessageType.Rread, 0, [1, 2, 3]) },
        { Frames.Raw((byte)MessageType.Rread, 0, 9, 0, 0, 0, 1) },
        { Frames.Raw((byte)MessageType.Twalk, 0) },
        { Frames.Raw(255, 0) },
        { Frames.Error(Dialect.NineP2000, 0, Errno.EIO, "a plain error") },
    };

    [Theory]
    [MemberData(nameof(BadReplies))]
    public async Task A_reply_that_makes_no_sense_is_EPROTO_and_closes_the_connection(byte[] bad)
    {
        await using ClientRig rig = await ClientRig.ConnectedAsync();
        Task<Reply<Qid[]>> walk = rig.Client.WalkAsync(0, 1, "a").AsTask();
        Task<Reply<bool>> other = rig.Client.ClunkAsync(5).AsTask();
        await rig.ExpectAsync(MessageType.Twalk);
        await rig.ExpectAsync(MessageType.Tclunk);
        await rig.ReplyAsync(bad);
        Assert.Equal(Errno.EPROTO, (await walk).Error);
        Assert.Equal(Errno.ECONNRESET, (await other).Error);
        Assert.Equal(Errno.ECONNRESET, (await rig.Client.ClunkAsync(6)).Error);
    }

    [Fact]
    public async Task More_data_than_asked_for_are_EPROTO_and_never_written_past_the_buffer()
    {
        await using ClientRig rig = await ClientRig.ConnectedAsync();
        byte[] memory = new byte[20];
        Task<Reply<int>> read = rig.Client.ReadAsync(1, 0, memory.AsMemory(5, 10)).AsTask();
        await rig.ExpectAsync(MessageType.Tread);
        await rig.ReplyAsync(Frames.Data(MessageType.Rread, 0, [.. Enumerable.Repeat((byte)1, 11)]));
        Assert.Equal(Errno.EPROTO, (await read).Error);
        Assert.Equal(new byte[20], memory);
    }

    public static TheoryData<byte[]> Unasked => new()
    {
        { Frames.Empty(MessageType.Rclunk, 1) },
        { Frames.Empty(MessageType.Rclunk, 5000) },
        { Frames.Data(MessageType.Rread, 65535, [1]) },
        { [0, 0, 0, 0, 1, 2, 3] },
        { [6, 0, 0, 0, 1, 2, 3] },
        { [255, 255, 255, 255, 121, 0, 0] },
        { [1, 0, 1, 0, 121, 0, 0] },
    };

    [Theory]
    [MemberData(nameof(Unasked))]
    public async Task A_reply_that_nobody_asked_for_or_that_is_no_frame_closes_the_connection(byte[] bytes)
    {
        await using ClientRig rig = await ClientRig.ConnectedAsync();
        Task<Reply<bool>> clunk = rig.Client.ClunkAsync(5).AsTask();
        await rig.ExpectAsync(MessageType.Tclunk);
        await rig.ReplyAsync(bytes);
        Assert.False((await clunk).Ok);
        await rig.Client.DisposeAsync();
        Assert.True(rig.Client.Closed.IsCancellationRequested);
    }

    [Fact]
    public async Task A_lost_connection_ends_everything_with_ECONNRESET_even_in_the_midst_of_data()
    {
        await using ClientRig rig = await ClientRig.ConnectedAsync();
        Task<Reply<int>> read = rig.Client.ReadAsync(1, 0, new byte[1000]).AsTask();
        Task<Reply<bool>> clunk = rig.Client.ClunkAsync(5).AsTask();
        await rig.ExpectAsync(MessageType.Tread);
        await rig.ReplyAsync(Frames.Data(MessageType.Rread, 0, new byte[1000])[..500]);
        await rig.Peer.DisposeAsync();
        Assert.Equal(Errno.ECONNRESET, (await read).Error);
        Assert.Equal(Errno.ECONNRESET, (await clunk).Error);
    }

    [Fact]
    public async Task Any_bytes_from_a_server_end_in_replies_and_never_in_exceptions()
    {
        Random random = new(1);
        for (int round = 0; round < 500; round++)
        {
            await using ClientRig rig = await ClientRig.ConnectedAsync((Dialect)(round % 3), 1024);
            Task[] requests =
            [
                rig.Client.ReadAsync(1, 0, new byte[500]).AsTask(),
                rig.Client.WalkAsync(0, 1, "a", "b").AsTask(),
                rig.Client.GetAttributesAsync(1).AsTask(),
                rig.Client.ReadDirectoryAsync(1, 0).AsTask(),
                rig.Client.ReadLinkAsync(1).AsTask(),
                rig.Client.StatFsAsync(1).AsTask(),
                rig.Client.AttachAsync(1, "", "").AsTask(),
            ];
            for (int i = 0; i < 4; i++)
            {
                byte[] body = new byte[random.Next(0, 200)];
                random.NextBytes(body);
                byte type = (byte)(new MessageType[]
                {
                    MessageType.Rread, MessageType.Rwalk, MessageType.Rgetattr, MessageType.Rstat,
                    MessageType.Rreaddir, MessageType.Rerror, MessageType.Rlerror, MessageType.Rattach,
                })[random.Next(8)];
                byte[] frame = Frames.Raw(type, (ushort)random.Next(8), body);
                if (await Record.ExceptionAsync(() => rig.Peer.SendAsync(frame)) is { } lost)
                {
                    // The client has hung up.
                    Assert.IsType<IOException>(lost);
                    break;
                }
            }

            await rig.Peer.DisposeAsync();
            await Task.WhenAll(requests);
        }
    }

    [Fact]
    public async Task Progress_is_counted_in_bytes_and_time()
    {
        await using ClientRig rig = await ClientRig.ConnectedAsync();
        long before = rig.Client.BytesReceived;
        Task<Reply<bool>> clunk = rig.Client.ClunkAsync(5).AsTask();
        await rig.ExpectAsync(MessageType.Tclunk);
        rig.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(TimeSpan.FromSeconds(5), rig.Client.SinceProgress);
        await rig.ReplyAsync(Frames.Empty(MessageType.Rclunk, 0));
        await clunk;
        Assert.Equal(before + 7, rig.Client.BytesReceived);
        Assert.Equal(TimeSpan.Zero, rig.Client.SinceProgress);
    }
}
