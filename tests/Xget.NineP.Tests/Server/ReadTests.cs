using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Testing;

namespace Xget.NineP.Tests.Server;

/// <summary>Open, read, write, flush: what is answered, in which order, and what is given back.</summary>
public sealed class ReadTests
{
    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
        {
            await Task.Yield();
        }
    }

    [Fact]
    public async Task A_burst_in_one_packet_is_answered_whole()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        await rig.Peer.SendAsync(
            Frames.Walk(1, 0, 1, "hello"), Frames.LOpen(2, 1), Frames.Read(3, 1, 0, 100), Frames.Clunk(4, 1));
        Assert.Equal(MessageType.Rwalk, Frames.TypeOf(await rig.Peer.ReceiveAsync()));
        Assert.Equal(MessageType.Rlopen, Frames.TypeOf(await rig.Peer.ReceiveAsync()));
        Assert.Equal(Frames.Data(MessageType.Rread, 3, rig.Hello.Bytes), await rig.Peer.ReceiveAsync());
        Assert.Equal(MessageType.Rclunk, Frames.TypeOf(await rig.Peer.ReceiveAsync()));
    }

    [Fact]
    public async Task Many_small_replies_leave_with_one_send()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        int before = rig.Far.Sends;
        byte[][] requests = [.. Enumerable.Range(0, 50).Select(i => Frames.GetAttributes((ushort)i, 0))];
        await rig.Peer.SendAsync(requests);
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(i, Frames.TagOf(await rig.Peer.ReceiveAsync()));
        }

        Assert.InRange(rig.Far.Sends - before, 1, 3);
    }

    [Fact]
    public async Task A_clunk_does_not_take_the_answer_of_a_waiting_read_away()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        rig.Hello.Waits = true;
        await rig.OpenAsync(1, "hello");
        await rig.Peer.SendAsync(Frames.Read(3, 1, 0, 5), Frames.Clunk(4, 1));
        Assert.Equal(MessageType.Rclunk, Frames.TypeOf(await rig.Peer.ReceiveAsync()));
        Assert.Equal(1, rig.Tree.Open);

        rig.Hello.Release();
        Assert.Equal(Frames.Data(MessageType.Rread, 3, Frames.Bytes("Hello")), await rig.Peer.ReceiveAsync());
        await UntilAsync(() => rig.Tree.Open == 0);
    }

    [Fact]
    public async Task Other_requests_are_served_while_a_read_waits()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        rig.Hello.Waits = true;
        await rig.OpenAsync(1, "hello");
        await rig.Peer.SendAsync(Frames.Read(3, 1, 0, 5));
        await rig.ExpectAsync(Frames.GetAttributes(4, 0), MessageType.Rgetattr);
        rig.Hello.Release();
        Assert.Equal(3, Frames.TagOf(await rig.Peer.ReceiveAsync()));
    }

    [Fact]
    public async Task A_flush_cancels_a_waiting_read_and_no_reply_follows_the_Rflush()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        rig.Hello.Waits = true;
        await rig.OpenAsync(1, "hello");
        await rig.Peer.SendAsync(Frames.Read(3, 1, 0, 5));
        await rig.ExpectAsync(Frames.Flush(4, 3), MessageType.Rflush);
        await UntilAsync(() => rig.Hello.Cancelled == 1);

        // The flushed tag is free, and the next reply is the next request's.
        rig.Hello.Release();
        await rig.ExpectAsync(Frames.Read(3, 1, 0, 5), MessageType.Rread);
        await rig.ExpectAsync(Frames.Clunk(3, 1), MessageType.Rclunk);
    }

    [Fact]
    public async Task A_flush_of_an_unknown_tag_or_of_itself_is_answered()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        await rig.ExpectAsync(Frames.Flush(4, 77), MessageType.Rflush);
        await rig.ExpectAsync(Frames.Flush(4, 4), MessageType.Rflush);
    }

    [Fact]
    public async Task Flushes_that_race_with_the_ends_of_reads_never_let_a_reply_follow_an_Rflush()
    {
        for (int round = 0; round < 200; round++)
        {
            await using ServerRig rig = await ServerRig.AttachedAsync();
            rig.Hello.Waits = true;
            await rig.OpenAsync(1, "hello");
            await rig.Peer.SendAsync(Frames.Read(3, 1, 0, 5));
            Task release = Task.Run(rig.Hello.Release);
            await rig.Peer.SendAsync(Frames.Flush(4, 3), Frames.GetAttributes(5, 0));
            List<MessageType> replies = [];
            while (!replies.Contains(MessageType.Rgetattr))
            {
                replies.Add(Frames.TypeOf(await rig.Peer.ReceiveAsync()));
            }

            await release;
            Assert.True(
                replies is [MessageType.Rflush, MessageType.Rgetattr]
                    or [MessageType.Rread, MessageType.Rflush, MessageType.Rgetattr],
                string.Join(' ', replies));
        }
    }

    [Fact]
    public async Task A_lost_connection_cancels_what_waits_and_then_disposes_what_is_open()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        rig.Hello.Waits = true;
        await rig.OpenAsync(1, "hello");
        await rig.Peer.SendAsync(Frames.Read(3, 1, 0, 5), Frames.Read(4, 1, 0, 5));
        await UntilAsync(() => rig.Hello.Waiting == 2);
        rig.Near.Abort();
        await rig.Serving;
        Assert.Equal(2, rig.Hello.Cancelled);
        rig.AssertNothingLeft();
    }

    [Theory]
    [InlineData(0xFFFFFFFFu)]
    [InlineData(512u)]
    [InlineData(502u)]
    public async Task A_count_above_msize_less_11_is_cut_not_refused(uint count)
    {
        await using ServerRig rig = await ServerRig.AttachedAsync(msize: 512);
        rig.Hello.Bytes = new byte[4096];
        await rig.OpenAsync(1, "hello");
        byte[] reply = await rig.ExpectAsync(Frames.Read(3, 1, 0, count), MessageType.Rread);
        Assert.Equal(512, reply.Length);
    }

    [Fact]
    public async Task A_read_past_the_end_is_empty_whatever_the_offset()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        await rig.OpenAsync(1, "hello");
        Assert.Equal(Frames.Data(MessageType.Rread, 3, []), await rig.Peer.AskAsync(Frames.Read(3, 1, 12, 5)));
        Assert.Equal(
            Frames.Data(MessageType.Rread, 3, []), await rig.Peer.AskAsync(Frames.Read(3, 1, ulong.MaxValue, 5)));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(16 * 1024)]
    [InlineData(16 * 1024 + 1)]
    [InlineData(600_000)]
    [InlineData(1 << 20)]
    public async Task Bytes_of_any_size_arrive_as_they_are_from_memory_and_from_a_file(int size)
    {
        await using ServerRig rig = await ServerRig.AttachedAsync(msize: (1 << 20) + 24);
        byte[] bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        rig.Hello.Bytes = bytes;
        await rig.OpenAsync(1, "hello");
        byte[] expected = Frames.Data(MessageType.Rread, 3, bytes);
        Assert.Equal(expected, await rig.Peer.AskAsync(Frames.Read(3, 1, 0, 1 << 20)));

        using SafeFileHandle disk = NamelessFile.Of(bytes);
        rig.Hello.OnDisk = disk;
        Assert.Equal(expected, await rig.Peer.AskAsync(Frames.Read(3, 1, 0, 1 << 20)));
        await UntilAsync(() => rig.Hello.Leases == 0);
    }

    [Fact]
    public async Task A_file_that_is_shorter_than_promised_costs_the_connection()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        using SafeFileHandle disk = NamelessFile.Of([]);
        rig.Hello.OnDisk = disk;
        await rig.OpenAsync(1, "hello");
        await rig.Peer.SendAsync(Frames.Read(3, 1, 0, 5));
        await rig.ExpectClosedAsync();
    }

    [Fact]
    public async Task A_peer_that_takes_no_replies_is_read_no_more_and_then_cut_off()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync(msize: (1 << 20) + 24);
        rig.Hello.Bytes = new byte[200_000];
        await rig.OpenAsync(1, "hello");
        rig.Near.Stalled = true;
        Task sending = Task.Run(async () =>
        {
            for (ushort tag = 0; tag < 10_000; tag++)
            {
                await rig.Near.SendAsync(Frames.Read(tag, 1, 0, 200_000), CancellationToken.None);
            }
        });

        // The server has stopped reading when the pipe to it is full; it holds some 1 MiB of replies, not 2 GB.
        await UntilAsync(() => rig.Hello.Leases > 4);
        Assert.InRange(rig.Hello.Leases, 5, 12);
        rig.Time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(rig.Serving.IsCompleted);
        rig.Time.Advance(TimeSpan.FromSeconds(10));
        await rig.Serving;
        Assert.Equal(["takes no replies (SendTimeout)"], rig.Complaints);
        await Assert.ThrowsAsync<IOException>(() => sending);
    }

    [Fact]
    public async Task Opening_for_writing_is_refused_for_what_is_read_only()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        await rig.ExpectAsync(Frames.Walk(1, 0, 1, "hello"), MessageType.Rwalk);
        await rig.ExpectErrorAsync(Frames.LOpen(1, 1, OpenFlags.O_WRONLY), Errno.EROFS);
        await rig.ExpectErrorAsync(Frames.LOpen(1, 1, OpenFlags.O_RDWR), Errno.EROFS);
        await rig.ExpectErrorAsync(Frames.LOpen(1, 0, OpenFlags.O_RDWR), Errno.EISDIR);
        await rig.ExpectErrorAsync(Frames.LOpen(1, 1, OpenFlags.O_DIRECTORY), Errno.ENOTDIR);
        await rig.ExpectErrorAsync(Frames.LOpen(1, 1, (OpenFlags)3), Errno.EINVAL);
        await rig.ExpectErrorAsync(Frames.Read(1, 1, 0, 1), Errno.EBADF);
        await rig.ExpectAsync(Frames.LOpen(1, 1), MessageType.Rlopen);
        await rig.ExpectErrorAsync(Frames.LOpen(1, 1), Errno.EINVAL);
        await rig.ExpectErrorAsync(Frames.Write(1, 1, 0, [1]), Errno.EBADF);
    }

    [Fact]
    public async Task The_iounit_is_0_which_means_msize_less_24()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        await rig.ExpectAsync(Frames.Walk(1, 0, 1, "hello"), MessageType.Rwalk);
        byte[] reply = await rig.ExpectAsync(Frames.LOpen(1, 1), MessageType.Rlopen);
        Assert.Equal(0u, Wire.U32(reply, 20));
    }

    [Fact]
    public async Task A_write_reaches_the_file_and_its_data_outlast_the_receive_buffer()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        TestFile log = rig.Tree.Root.AddFile("log", "");
        log.Writable = true;
        log.Waits = true;
        await rig.OpenAsync(1, "log", OpenFlags.O_WRONLY);
        await rig.ExpectErrorAsync(Frames.Read(2, 1, 0, 1), Errno.EBADF);
        await rig.Peer.SendAsync(Frames.Write(3, 1, 0, Frames.Bytes("first")));
        await rig.Peer.SendAsync(Frames.Write(4, 1, 5, Frames.Bytes("other")));
        await rig.ExpectAsync(Frames.GetAttributes(5, 0), MessageType.Rgetattr);
        log.Release();
        byte[] a = await rig.Peer.ReceiveAsync();
        byte[] b = await rig.Peer.ReceiveAsync();
        Assert.All([a, b], r => Assert.Equal(5u, Wire.U32(r, 7)));
        Assert.Equal([3, 4], new[] { a, b }.Select(f => (int)Frames.TagOf(f)).Order());
        Assert.Equal(["first", "other"], log.Written.Select(System.Text.Encoding.UTF8.GetString).Order());
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(0x20, true)]
    [InlineData(0x40, false)]
    [InlineData(0x08, false)]
    public async Task A_plain_open_mode_is_what_open_2_would_have(byte mode, bool works)
    {
        await using ServerRig rig = await ServerRig.AttachedAsync(Dialect.NineP2000);
        await rig.ExpectAsync(Frames.Walk(1, 0, 1, "hello"), MessageType.Rwalk);
        byte[] reply = await rig.Peer.AskAsync(Frames.Open(1, 1, mode));
        Assert.Equal(works ? MessageType.Ropen : MessageType.Rerror, Frames.TypeOf(reply));
    }
}
