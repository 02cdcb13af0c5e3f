using System.Net;
using Mono.Unix.Native;
using Xget.Testing;

namespace Xget.NineP.Tests.Server;

/// <summary>What peers may make a server hold: what happens past each limit, and that nobody else notices.</summary>
public sealed class LimitTests
{
    private static ServerOptions With(ServerLimits limits) => new() { Limits = limits };

    /// <summary>Another connection to the rig's server, from that address, which has attached fid 0.</summary>
    private static async Task<(ScriptedPeer Peer, Task Serving)> AttachedAsync(ServerRig rig, string address)
    {
        (MemoryConnection near, MemoryConnection far) = MemoryConnection.Pair(new IPEndPoint(IPAddress.Parse(address), 5));
        Task serving = rig.Server.ServeAsync(far, CancellationToken.None);
        ScriptedPeer peer = new(near);
        await peer.AskAsync(Frames.Version(65536, "9P2000.L"));
        Assert.Equal(MessageType.Rattach, Frames.TypeOf(await peer.AskAsync(Frames.Attach(1, 0))));
        return (peer, serving);
    }

    private static async Task EndAsync(ServerRig rig, params (ScriptedPeer Peer, Task Serving)[] others)
    {
        foreach ((ScriptedPeer peer, Task serving) in others)
        {
            await peer.DisposeAsync();
            await serving;
        }

        rig.Tree.Forget();
        await rig.Peer.DisposeAsync();
        await rig.Serving;
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
        {
            await Task.Yield();
        }
    }

    [Fact]
    public async Task A_connection_with_MaxWaiting_requests_is_not_read_until_one_ends()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync(options: With(new() { MaxWaiting = 2 }));
        TestFile other = rig.Tree.Root.AddFile("other", "x");
        rig.Hello.Waits = true;
        await rig.OpenAsync(1, "hello");
        await rig.OpenAsync(2, "other");
        await rig.Peer.SendAsync(
            Frames.Read(3, 1, 0, 5), Frames.Read(4, 1, 0, 5), Frames.Read(5, 2, 0, 1), Frames.GetAttributes(6, 0));
        await UntilAsync(() => rig.Hello.Waiting == 2);
        Task<byte[]> first = rig.Peer.ReceiveAsync();
        rig.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(first.IsCompleted);

        rig.Hello.Release();
        Assert.InRange(Frames.TagOf(await first), 3, 4);
        Assert.InRange(Frames.TagOf(await rig.Peer.ReceiveAsync()), 3, 4);
        Task<byte[]> next = rig.Peer.ReceiveAsync();
        await rig.TickUntilAsync(next);
        Assert.Equal(5, Frames.TagOf(await next));
        Assert.Equal(6, Frames.TagOf(await rig.Peer.ReceiveAsync()));
    }

    [Fact]
    public async Task Who_is_past_a_limit_for_too_long_is_cut_off_by_name()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync(options: With(new() { MaxWaiting = 1 }));
        rig.Hello.Waits = true;
        await rig.OpenAsync(1, "hello");
        await rig.Peer.SendAsync(Frames.Read(3, 1, 0, 5));
        await UntilAsync(() => rig.Hello.Waiting == 1);
        Task<byte[]?> end = rig.Peer.TryReceiveAsync();
        await rig.AdvanceUntilAsync(end, TimeSpan.FromSeconds(1));
        Assert.Null(await end);
        Assert.Equal(["has been past a limit for 60 s (MaxWaiting)"], rig.Complaints);
    }

    [Fact]
    public async Task Past_the_limit_of_an_address_only_its_connections_that_wait_for_much_are_not_read()
    {
        ServerRig rig = await ServerRig.AttachedAsync(options: With(new() { MaxWaitingPerAddress = 4, FreeWaiting = 1 }));
        rig.Hello.Waits = true;
        await rig.OpenAsync(1, "hello");
        await rig.Peer.SendAsync([.. Enumerable.Range(3, 6).Select(tag => Frames.Read((ushort)tag, 1, 0, 5))]);
        await UntilAsync(() => rig.Hello.Waiting == 5);
        Task<byte[]> held = rig.Peer.AskAsync(Frames.GetAttributes(20, 0));

        (ScriptedPeer Peer, Task Serving) neighbour = await AttachedAsync(rig, "127.0.0.1");
        (ScriptedPeer Peer, Task Serving) stranger = await AttachedAsync(rig, "10.0.0.1");
        await neighbour.Peer.AskAsync(Frames.GetAttributes(1, 0));
        await stranger.Peer.AskAsync(Frames.GetAttributes(1, 0));
        Assert.False(held.IsCompleted);
        rig.Hello.Release();
        await rig.TickUntilAsync(held);
        for (int i = 0; i < 6; i++)
        {
            Task<byte[]> reply = rig.Peer.ReceiveAsync();
            await rig.TickUntilAsync(reply);
            await reply;
        }

        await EndAsync(rig, neighbour, stranger);
    }

    [Fact]
    public async Task An_unfinished_message_is_cut_off_after_the_time_for_one_however_slowly_it_goes_on()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        byte[] request = Frames.GetAttributes(1, 0);
        await rig.ExpectAsync(request, MessageType.Rgetattr);
        foreach (byte b in request[..10])
        {
            await rig.Peer.SendAsync([b]);
            rig.Time.Advance(TimeSpan.FromSeconds(2));
        }

        Assert.False(rig.Serving.IsCompleted);
        Task<byte[]?> end = rig.Peer.TryReceiveAsync();
        await rig.AdvanceUntilAsync(end, TimeSpan.FromSeconds(1));
        Assert.Null(await end);
        Assert.Equal(["left a message unfinished (FrameTimeout)"], rig.Complaints);
    }

    [Fact]
    public async Task A_message_that_is_whole_in_time_begins_no_deadline_for_the_next()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        byte[] request = Frames.GetAttributes(1, 0);
        for (int i = 0; i < 5; i++)
        {
            await rig.Peer.SendAsync(request[..5]);
            rig.Time.Advance(TimeSpan.FromSeconds(20));
            await rig.Peer.SendAsync(request[5..]);
            await rig.Peer.ReceiveAsync();
            rig.Time.Advance(TimeSpan.FromSeconds(20));
        }
    }

    [Fact]
    public async Task Unfinished_messages_of_an_address_hold_a_bounded_number_of_bytes()
    {
        ServerRig rig = await ServerRig.AttachedAsync(
            msize: 1 << 20, options: With(new() { MaxFrameBytesPerAddress = 64 * 1024 }));
        TestFile log = rig.Tree.Root.AddFile("log", "");
        log.Writable = true;
        await rig.OpenAsync(1, "log", OpenFlags.O_WRONLY);
        byte[] large = Frames.Make(f => Twrite.Write(f, 2, 1, 0, new byte[200_000]), 300_000);
        Task sending = Task.Run(() => rig.Peer.SendAsync(large));

        // It takes its share of the address's bytes, and then waits.
        (ScriptedPeer Peer, Task Serving) stranger = await AttachedAsync(rig, "10.0.0.1");
        await stranger.Peer.AskAsync(Frames.GetAttributes(1, 0));
        Task<byte[]?> end = rig.Peer.TryReceiveAsync();
        await rig.AdvanceUntilAsync(end, TimeSpan.FromMilliseconds(500));
        Assert.Null(await end);
        Assert.Empty(log.Written);
        Assert.Equal(["left a message unfinished (FrameTimeout)"], rig.Complaints);
        await Assert.ThrowsAsync<IOException>(() => sending);
        await stranger.Peer.AskAsync(Frames.GetAttributes(1, 0));
        await EndAsync(rig, stranger);
    }

    [Fact]
    public async Task Fids_past_the_bytes_of_an_address_are_refused_to_it_alone_and_clunks_give_them_back()
    {
        ServerRig rig = await ServerRig.AttachedAsync(
            options: With(new() { MaxHeldBytesPerAddress = 3 * ServerLimits.FidBytes }));
        await rig.ExpectAsync(Frames.Walk(1, 0, 1), MessageType.Rwalk);
        await rig.ExpectAsync(Frames.Walk(1, 0, 2), MessageType.Rwalk);
        await rig.ExpectErrorAsync(Frames.Walk(1, 0, 3), Errno.EMFILE);
        await rig.ExpectErrorAsync(Frames.Attach(1, 3), Errno.EMFILE);
        await rig.ExpectErrorAsync(Frames.XattrWalk(1, 0, 3, ""), Errno.EMFILE);
        (ScriptedPeer Peer, Task Serving) stranger = await AttachedAsync(rig, "10.0.0.1");
        await rig.ExpectAsync(Frames.Clunk(1, 2), MessageType.Rclunk);
        await rig.ExpectAsync(Frames.Walk(1, 0, 3), MessageType.Rwalk);
        await rig.ExpectErrorAsync(Frames.Walk(1, 0, 4), Errno.EMFILE);

        // A new beginning frees all of them.
        await rig.Peer.AskAsync(Frames.Version(65536, "9P2000.L"));
        await rig.ExpectAsync(Frames.Attach(1, 0), MessageType.Rattach);
        await rig.ExpectAsync(Frames.Walk(1, 0, 1), MessageType.Rwalk);
        await EndAsync(rig, stranger);
    }

    [Fact]
    public async Task What_open_files_hold_is_counted()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync(
            options: With(new() { MaxHeldBytesPerAddress = (10 * ServerLimits.FidBytes) + 5000 }));
        rig.Hello.Held = 4000;
        await rig.OpenAsync(1, "hello");
        await rig.ExpectAsync(Frames.Walk(1, 0, 2, "hello"), MessageType.Rwalk);
        await rig.OpenAsync(3, "hello");
        await rig.ExpectErrorAsync(Frames.LOpen(1, 2), Errno.EMFILE);
        await rig.ExpectAsync(Frames.Clunk(1, 1), MessageType.Rclunk);
        await rig.ExpectAsync(Frames.LOpen(1, 2), MessageType.Rlopen);

        // A text that is made at the first read counts from then on.
        rig.Hello.Held = 40_000;
        await rig.Peer.SendAsync(Frames.Read(1, 2, 0, 5));
        Assert.Null(await rig.Peer.TryReceiveAsync());
        Assert.Equal(["holds too much (MaxHeldBytesPerAddress)"], rig.Complaints);
    }

    [Fact]
    public async Task Replies_that_an_address_does_not_take_are_bounded()
    {
        ServerRig rig = await ServerRig.AttachedAsync(options: With(new() { MaxReplyBytesPerAddress = 200_000 }));
        for (int i = 0; i < 3000; i++)
        {
            rig.Tree.Root.AddFile($"a file with quite a long name, number {i}", "");
        }

        await rig.ExpectAsync(Frames.LOpen(1, 0), MessageType.Rlopen);
        rig.Near.Stalled = true;
        Task sending = Task.Run(async () =>
        {
            for (ushort tag = 0; tag < 20_000; tag++)
            {
                await rig.Peer.SendAsync(Frames.ReadDir(tag, 0, 0, 60_000));
            }
        });
        (ScriptedPeer Peer, Task Serving) stranger = await AttachedAsync(rig, "10.0.0.1");
        await stranger.Peer.AskAsync(Frames.GetAttributes(1, 0));
        await rig.AdvanceUntilAsync(rig.Serving, TimeSpan.FromMilliseconds(500));
        await Assert.ThrowsAsync<IOException>(() => sending);
        Assert.Equal(["takes no replies (SendTimeout)"], rig.Complaints);
        await EndAsync(rig, stranger);
    }
}
