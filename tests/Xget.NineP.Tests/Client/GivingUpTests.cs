using Mono.Unix.Native;

namespace Xget.NineP.Tests.Client;

/// <summary>Cancelled requests, time-outs, flushes.</summary>
public sealed class GivingUpTests
{
    /// <summary>An exchange that shows that the connection works.</summary>
    private static async Task ClunkAsync(ClientRig rig)
    {
        Task<Reply<bool>> clunk = rig.Client.ClunkAsync(9).AsTask();
        byte[] request = await rig.ExpectAsync(MessageType.Tclunk);
        await rig.ReplyAsync(Frames.Empty(MessageType.Rclunk, Frames.TagOf(request)));
        Assert.True((await clunk).Ok);
    }

    [Fact]
    public async Task A_cancelled_read_is_flushed_and_its_buffer_is_never_written_again()
    {
        await using ClientRig rig = await ClientRig.ConnectedAsync();
        using CancellationTokenSource cancel = new();
        byte[] buffer = new byte[100];
        Task<Reply<int>> read = rig.Client.ReadAsync(1, 0, buffer, cancel.Token).AsTask();
        await rig.ExpectAsync(MessageType.Tread);
        await cancel.CancelAsync();
        Assert.Equal(Errno.EINTR, (await read).Error);
        Assert.Equal(Frames.Flush(1, 0), await rig.Peer.ReceiveAsync());

        // The reply was on its way: it is thrown away.
        await rig.ReplyAsync(Frames.Data(MessageType.Rread, 0, [.. Enumerable.Repeat((byte)1, 100)]));
        await rig.ReplyAsync(Frames.Empty(MessageType.Rflush, 1));
        await ClunkAsync(rig);
        Assert.Equal(new byte[100], buffer);
    }

    [Fact]
    public async Task A_tag_that_was_given_up_is_not_used_before_its_Rflush()
    {
        await using ClientRig rig = await ClientRig.ConnectedAsync();
        using CancellationTokenSource cancel = new();
        Task<Reply<bool>> first = rig.Client.ClunkAsync(1, cancel.Token).AsTask();
        await rig.ExpectAsync(MessageType.Tclunk);
        await cancel.CancelAsync();
        await first;
        await rig.ExpectAsync(MessageType.Tflush);
        await rig.ReplyAsync(Frames.Empty(MessageType.Rclunk, 0));
        Task<Reply<bool>> second = rig.Client.ClunkAsync(2).AsTask();
        Assert.Equal(2, Frames.TagOf(await rig.Peer.ReceiveAsync()));
        await rig.ReplyAsync(Frames.Empty(MessageType.Rflush, 1));
        await rig.ReplyAsync(Frames.Empty(MessageType.Rclunk, 2));
        await second;
        _ = rig.Client.ClunkAsync(3).AsTask();
        Assert.Equal(0, Frames.TagOf(await rig.Peer.ReceiveAsync()));
    }

    [Fact]
    public async Task The_fid_of_a_walk_that_was_given_up_is_not_used_before_it_is_clunked()
    {
        // A master that was stopped for a while made the fid when it went on; every later walk to that number then failed.
        await using ClientRig rig = await ClientRig.ConnectedAsync();
        using CancellationTokenSource cancel = new();
        uint fid = rig.Client.NewFid();
        Task<Reply<Qid[]>> walk = rig.Client.WalkAsync(0, fid, ["a"u8.ToArray()], cancel.Token).AsTask();
        await rig.ExpectAsync(MessageType.Twalk);
        await cancel.CancelAsync();
        rig.Client.FreeFid(fid, (await walk).Error);
        await rig.ExpectAsync(MessageType.Tflush);
        byte[] clunk = await rig.ExpectAsync(MessageType.Tclunk);
        Assert.NotEqual(fid, rig.Client.NewFid());
        await rig.ReplyAsync(Frames.Empty(MessageType.Rclunk, Frames.TagOf(clunk)));
        await ClunkAsync(rig);
        Assert.Contains(fid, new[] { rig.Client.NewFid(), rig.Client.NewFid() });
    }

    [Fact]
    public async Task A_second_reply_to_a_tag_that_was_given_up_closes_the_connection()
    {
        await using ClientRig rig = await ClientRig.ConnectedAsync();
        using CancellationTokenSource cancel = new();
        Task<Reply<bool>> clunk = rig.Client.ClunkAsync(1, cancel.Token).AsTask();
        await rig.ExpectAsync(MessageType.Tclunk);
        await cancel.CancelAsync();
        await clunk;
        Task<Reply<bool>> other = rig.Client.ClunkAsync(2).AsTask();
        await rig.ReplyAsync(Frames.Empty(MessageType.Rclunk, 0));
        await rig.ReplyAsync(Frames.Empty(MessageType.Rclunk, 0));
        Assert.Equal(Errno.ECONNRESET, (await other).Error);
    }

    [Fact]
    public async Task A_request_that_was_cancelled_before_it_began_ends_the_same_way()
    {
        await using ClientRig rig = await ClientRig.ConnectedAsync();
        Reply<int> read = await rig.Client.ReadAsync(1, 0, new byte[1], new CancellationToken(true));
        Assert.Equal(Errno.EINTR, read.Error);
        Assert.Equal(0, rig.Client.Outstanding);
    }

    [Fact]
    public async Task A_read_that_is_cancelled_while_its_data_come_in_ends_with_them()
    {
        await using ClientRig rig = await ClientRig.ConnectedAsync();
        using CancellationTokenSource cancel = new();
        byte[] bytes = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];
        byte[] buffer = new byte[100];
        byte[] reply = Frames.Data(MessageType.Rread, 0, bytes);
        Task<Reply<int>> read = rig.Client.ReadAsync(1, 0, buffer, cancel.Token).AsTask();
        await rig.ExpectAsync(MessageType.Tread);
        long before = rig.Client.BytesReceived;
        await rig.ReplyAsync(reply[..50]);
        while (rig.Client.BytesReceived - before < 50 || buffer[38] == 0)
        {
            await Task.Yield();
        }

        await cancel.CancelAsync();
        Assert.False(read.IsCompleted);
        await rig.ReplyAsync(reply[50..]);
        Assert.Equal(new Reply<int>(0, 100), await read);
        Assert.Equal(bytes, buffer);
    }

    [Fact]
    public async Task Data_that_stall_half_way_cost_the_connection()
    {
        await using ClientRig rig = await ClientRig.ConnectedAsync();
        byte[] buffer = new byte[100];
        Task<Reply<int>> read = rig.Client.ReadAsync(1, 0, buffer).AsTask();
        await rig.ExpectAsync(MessageType.Tread);
        await rig.ReplyAsync(Frames.Data(MessageType.Rread, 0, [.. Enumerable.Repeat((byte)1, 100)])[..50]);
        while (buffer[38] == 0)
        {
            await Task.Yield();
        }

        rig.Time.Advance(TimeSpan.FromSeconds(70));
        Assert.Equal(Errno.ECONNRESET, (await read).Error);
    }

    [Fact]
    public async Task A_request_that_is_not_answered_times_out_and_is_flushed()
    {
        await using ClientRig rig = await ClientRig.ConnectedAsync();
        Task<Reply<bool>> clunk = rig.Client.ClunkAsync(1).AsTask();
        await rig.ExpectAsync(MessageType.Tclunk);
        rig.Time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(clunk.IsCompleted);
        rig.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(Errno.ETIMEDOUT, (await clunk).Error);
        Assert.Equal(Frames.Flush(1, 0), await rig.Peer.ReceiveAsync());

        // A server that answers the flush keeps its connection.
        await rig.ReplyAsync(Frames.Empty(MessageType.Rflush, 1));
        await ClunkAsync(rig);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_a_flush_loses_the_connection()
    {
        await using ClientRig rig = await ClientRig.ConnectedAsync();
        Task<Reply<bool>> clunk = rig.Client.ClunkAsync(1).AsTask();
        Task<Reply<int>> patient = rig.Client.ReadAsync(1, 0, new byte[1], Timeout.InfiniteTimeSpan).AsTask();
        rig.Time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(Errno.ETIMEDOUT, (await clunk).Error);
        Assert.False(patient.IsCompleted);
        rig.Time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(Errno.ECONNRESET, (await patient).Error);
    }

    [Fact]
    public async Task A_read_may_have_a_time_out_of_its_own_or_none()
    {
        await using ClientRig rig = await ClientRig.ConnectedAsync();
        Task<Reply<int>> patient = rig.Client.ReadAsync(1, 0, new byte[1], Timeout.InfiniteTimeSpan).AsTask();
        Task<Reply<int>> hasty = rig.Client.ReadAsync(1, 0, new byte[1], TimeSpan.FromSeconds(1)).AsTask();
        await rig.ExpectAsync(MessageType.Tread);
        await rig.ExpectAsync(MessageType.Tread);
        rig.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(Errno.ETIMEDOUT, (await hasty).Error);
        await rig.ExpectAsync(MessageType.Tflush);
        await rig.ReplyAsync(Frames.Empty(MessageType.Rflush, 2));
        await ClunkAsync(rig);
        rig.Time.Advance(TimeSpan.FromDays(1));
        Assert.False(patient.IsCompleted);
        await rig.ReplyAsync(Frames.Data(MessageType.Rread, 0, [1]));
        Assert.Equal(1, (await patient).Value);
    }

    [Fact]
    public async Task Cancellations_that_race_with_replies_leave_nothing_outstanding()
    {
        for (int round = 0; round < 200; round++)
        {
            await using ClientRig rig = await ClientRig.ConnectedAsync();
            using CancellationTokenSource cancel = new();
            byte[] buffer = new byte[10];
            Task<Reply<int>> read = rig.Client.ReadAsync(1, 0, buffer, cancel.Token).AsTask();
            await rig.ExpectAsync(MessageType.Tread);
            Task cancelled = Task.Run(cancel.Cancel);
            await rig.ReplyAsync(Frames.Data(MessageType.Rread, 0, [1, 2, 3]));
            Reply<int> reply = await read;
            await cancelled;
            Assert.True(reply is { Ok: true, Value: 3 } or { Error: Errno.EINTR });
            if (!reply.Ok)
            {
                Assert.Equal(new byte[10], buffer);
                byte[] flush = await rig.ExpectAsync(MessageType.Tflush);
                await rig.ReplyAsync(Frames.Empty(MessageType.Rflush, Frames.TagOf(flush)));
            }

            await ClunkAsync(rig);
        }
    }
}
