using Mono.Unix.Native;
using Xget.Testing;

namespace Xget.NineP.Tests.Server;

/// <summary>How a conversation begins, goes wrong and ends.</summary>
public sealed class SessionTests
{
    [Theory]
    [InlineData("9P2000.L", "9P2000.L")]
    [InlineData("9P2000.u", "9P2000.u")]
    [InlineData("9P2000", "9P2000")]
    [InlineData("9P2000.x", "9P2000")]
    [InlineData("9P2000.Lx", "9P2000")]
    [InlineData("9P2000.L.Google.7", "9P2000.L")]
    [InlineData("9P2000.u.x", "9P2000.u")]
    [InlineData("9P2001", "unknown")]
    [InlineData("9P20000", "unknown")]
    [InlineData("9p2000.L", "unknown")]
    [InlineData("", "unknown")]
    [InlineData(".u", "unknown")]
    public async Task An_offered_dialect_is_answered_by_the_longest_known_prefix(string offer, string answer)
    {
        await using ServerRig rig = new();
        byte[] reply = await rig.Peer.AskAsync(Frames.Version(8192, offer));
        Assert.Equal(Frames.Version(8192, answer, MessageType.Rversion), reply);
        Assert.Equal(answer == "unknown" ? 0 : 1, rig.Server.ConnectionCount);
    }

    [Fact]
    public async Task A_client_that_offers_the_unix_dialect_gets_the_plain_one_when_that_is_off()
    {
        await using ServerRig rig = new(new ServerOptions { OfferUnix = false });
        byte[] reply = await rig.Peer.AskAsync(Frames.Version(32792, "9P2000.u"));
        Assert.Equal(Frames.Version(32792, "9P2000", MessageType.Rversion), reply);
    }

    [Theory]
    [InlineData(256u, 256u)]
    [InlineData(32792u, 32792u)]
    [InlineData(0xFFFFFFFFu, (1u << 20) + 24)]
    public async Task The_msize_is_the_smaller_of_both_sides(uint offer, uint answer)
    {
        await using ServerRig rig = new();
        byte[] reply = await rig.Peer.AskAsync(Frames.Version(offer, "9P2000.L"));
        Assert.Equal(answer, Wire.U32(reply, 7));
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(255u)]
    public async Task An_msize_that_no_reply_fits_is_refused_and_may_be_offered_again(uint msize)
    {
        await using ServerRig rig = new();
        byte[] refused = await rig.Peer.AskAsync(Frames.Version(msize, "9P2000.L"));
        Assert.Equal(MessageType.Rerror, Frames.TypeOf(refused));
        await rig.ExpectAsync(Frames.Version(8192, "9P2000.L"), MessageType.Rversion);
    }

    [Fact]
    public async Task After_an_unknown_dialect_another_may_be_offered()
    {
        await using ServerRig rig = new();
        await rig.Peer.AskAsync(Frames.Version(8192, "9P3000"));
        byte[] reply = await rig.Peer.AskAsync(Frames.Version(8192, "9P2000"));
        Assert.Equal(Frames.Version(8192, "9P2000", MessageType.Rversion), reply);
    }

    [Fact]
    public async Task Nothing_but_a_Tversion_may_come_first()
    {
        await using ServerRig rig = new();
        await rig.Peer.SendAsync(Frames.Attach(1, 0));
        await rig.ExpectClosedAsync();
    }

    [Fact]
    public async Task A_new_Tversion_forgets_all_fids_and_drops_what_is_outstanding()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        rig.Hello.Waits = true;
        await rig.OpenAsync(1, "hello");
        await rig.Peer.SendAsync(Frames.Read(5, 1, 0, 10));

        await rig.ExpectAsync(Frames.Version(8192, "9P2000.L"), MessageType.Rversion);
        await rig.ExpectErrorAsync(Frames.Clunk(6, 1), Errno.EBADF);
        await rig.ExpectErrorAsync(Frames.Clunk(6, 0), Errno.EBADF);
        await rig.ExpectAsync(Frames.Attach(5, 0), MessageType.Rattach);
        Assert.Equal(1, rig.Hello.Cancelled);
        Assert.Equal(1, rig.Server.ConnectionCount);
    }

    [Theory]
    [InlineData(Dialect.NineP2000)]
    [InlineData(Dialect.NineP2000u)]
    public async Task Authentication_is_refused_in_words(Dialect dialect)
    {
        await using ServerRig rig = await ServerRig.AttachedAsync(dialect);
        byte[] auth = Frames.Make(f => Tauth.Write(f, dialect, 2, 7, "u"u8, ""u8, 0));
        await rig.ExpectAsync(auth, MessageType.Rerror);
    }

    [Fact]
    public async Task Authentication_is_refused_with_ENOENT_in_the_Linux_dialect()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        byte[] auth = Frames.Make(f => Tauth.Write(f, Dialect.NineP2000L, 2, 7, "u"u8, ""u8, 0));
        await rig.ExpectErrorAsync(auth, Errno.ENOENT);
    }

    [Fact]
    public async Task The_peer_is_known_by_its_first_attach()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        await rig.ExpectAsync(Frames.Attach(2, 1, "x", uname: "other", nUname: 7), MessageType.Rattach);
        Assert.Equal("root", rig.Tree.LastPeer!.UserName);
        Assert.Equal(0u, rig.Tree.LastPeer.NUname);
        Assert.Equal(Dialect.NineP2000L, rig.Tree.LastPeer.Dialect);
        Assert.Equal("x", rig.Tree.LastAname);
    }

    [Fact]
    public async Task An_attach_is_refused_by_the_attach_point_by_a_used_fid_and_by_an_unknown_afid()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        await rig.ExpectErrorAsync(Frames.Attach(2, 1, "none"), Errno.ENOENT);
        await rig.ExpectErrorAsync(Frames.Attach(2, 0), Errno.EINVAL);
        await rig.ExpectErrorAsync(Frames.Attach(2, NinePLimits.NoFid), Errno.EBADF);
        await rig.ExpectErrorAsync(Frames.Attach(2, 1, afid: 5), Errno.EBADF);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(1u)]
    [InlineData(6u)]
    [InlineData(8193u)]
    [InlineData(0x7FFFFFFFu)]
    [InlineData(0xFFFFFFFFu)]
    public async Task An_impossible_size_closes_the_connection_with_one_complaint(uint size)
    {
        await using ServerRig rig = new();
        await rig.Peer.AskAsync(Frames.Version(8192, "9P2000.L"));
        await rig.Peer.SendAsync([.. BitConverter.GetBytes(size), 120, 1, 0]);
        await rig.ExpectClosedAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(100 + 1)]
    [InlineData(107)]
    [InlineData(255)]
    public async Task A_message_that_is_no_request_closes_the_connection_with_one_complaint(byte type)
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        await rig.Peer.SendAsync(Frames.Raw(type, 1));
        await rig.ExpectClosedAsync();
    }

    [Fact]
    public async Task A_malformed_message_closes_the_connection_with_one_complaint()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        await rig.Peer.SendAsync(Frames.Raw((byte)MessageType.Tclunk, 1, 0, 0, 0));
        await rig.ExpectClosedAsync();
    }

    [Fact]
    public async Task A_message_of_another_dialect_is_not_supported()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        await rig.ExpectErrorAsync(Frames.Open(1, 0, 0), Errno.EOPNOTSUPP);
    }

    [Fact]
    public async Task A_truncated_message_and_the_end_lose_nothing_and_are_no_complaint()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        await rig.OpenAsync(1, "hello");
        await rig.Peer.SendAsync(Frames.Read(5, 1, 0, 10)[..15]);
        await rig.Peer.DisposeAsync();
        await rig.Serving;
        Assert.Empty(rig.Complaints);
    }

    [Fact]
    public async Task A_tag_that_is_in_use_closes_the_connection()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        rig.Hello.Waits = true;
        await rig.OpenAsync(1, "hello");
        await rig.Peer.SendAsync(Frames.Read(5, 1, 0, 10), Frames.Clunk(5, 1));
        await rig.ExpectClosedAsync();
    }

    [Fact]
    public async Task Bytes_may_come_one_at_a_time()
    {
        await using ServerRig rig = new();
        foreach (byte b in Frames.Version(8192, "9P2000.L"))
        {
            await rig.Peer.SendAsync([b]);
        }

        Assert.Equal(MessageType.Rversion, Frames.TypeOf(await rig.Peer.ReceiveAsync()));
    }

    [Fact]
    public async Task A_peer_that_sends_no_Tversion_is_cut_off_after_the_handshake_time()
    {
        await using ServerRig rig = new();
        rig.Time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(rig.Serving.IsCompleted);
        rig.Time.Advance(TimeSpan.FromSeconds(2));
        await rig.ExpectClosedAsync();
    }

    [Fact]
    public async Task A_peer_that_has_sent_its_Tversion_may_be_silent_for_ever()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        rig.Time.Advance(TimeSpan.FromDays(30));
        await rig.ExpectAsync(Frames.Clunk(1, 0), MessageType.Rclunk);
    }

    [Fact]
    public async Task When_too_many_have_sent_no_Tversion_the_oldest_is_cut_off()
    {
        await using ServerRig rig = new(new ServerOptions { Limits = new() { MaxUnversioned = 2 } });
        (MemoryConnection near2, MemoryConnection far2) = MemoryConnection.Pair();
        (MemoryConnection near3, MemoryConnection far3) = MemoryConnection.Pair();
        Task second = rig.Server.ServeAsync(far2, CancellationToken.None);
        Assert.False(rig.Serving.IsCompleted);
        Task third = rig.Server.ServeAsync(far3, CancellationToken.None);
        await rig.Serving;
        Assert.False(second.IsCompleted);
        await near2.DisposeAsync();
        await near3.DisposeAsync();
        await second;
        await third;
        Assert.Equal(3, rig.Tree.Disconnections);
        rig.Tree.Forget();
    }

    [Fact]
    public async Task Closed_is_cancelled_when_the_connection_is_lost()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        CancellationToken closed = rig.Tree.LastPeer!.Closed;
        Assert.False(closed.IsCancellationRequested);
        rig.Near.Abort();
        await rig.Serving;
        Assert.True(closed.IsCancellationRequested);
        Assert.True(rig.Tree.LastPeer.Closed.IsCancellationRequested);
        Assert.Equal(0, rig.Server.ConnectionCount);
    }

    [Fact]
    public async Task The_server_side_may_abort_a_connection()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        rig.Tree.LastPeer!.Abort();
        await rig.ExpectClosedAsync(complaints: 0);
    }

    [Fact]
    public async Task A_file_that_throws_costs_an_error_and_not_the_connection()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync();
        await rig.OpenAsync(1, "hello");
        rig.Hello.Failure = new InvalidOperationException("broken");
        await rig.ExpectErrorAsync(Frames.Read(2, 1, 0, 10), Errno.EIO);
        rig.Hello.Failure = null;
        await rig.ExpectAsync(Frames.Read(2, 1, 0, 10), MessageType.Rread);
        Assert.Single(rig.Complaints);
    }

    [Fact]
    public async Task The_trace_shows_both_directions()
    {
        List<string> lines = [];
        await using ServerRig rig = new(new ServerOptions { Trace = lines.Add });
        await rig.Peer.AskAsync(Frames.Version(8192, "9P2000.L"));
        Assert.Equal(
        [
            "127.0.0.1:1 > Tversion tag 65535 msize 8192 version \"9P2000.L\"",
            "127.0.0.1:1 < Rversion tag 65535 msize 8192 version \"9P2000.L\"",
        ], lines);
    }
}
