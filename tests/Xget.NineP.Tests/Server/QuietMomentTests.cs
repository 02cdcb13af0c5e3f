using Microsoft.Win32.SafeHandles;
using Xget.Testing;

namespace Xget.NineP.Tests.Server;

/// <summary>Who comes while the link is full waits until it is quiet, and the others wait for it; never for long.</summary>
public sealed class QuietMomentTests
{
    private const int Piece = 64 << 10;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Short = TimeSpan.FromMicroseconds(5);
    private static readonly TimeSpan Far = TimeSpan.FromMilliseconds(20);
    private readonly ManualTime _time = new();
    private readonly QuietMoment _quiet;
    private readonly MemoryConnection _first = MemoryConnection.Pair().A;
    private readonly MemoryConnection _second = MemoryConnection.Pair().A;

    public QuietMomentTests() => _quiet = new QuietMoment(_time);

    [Fact]
    public void A_newcomer_gets_its_first_packets_when_all_is_acknowledged_and_the_link_has_rested()
    {
        Begin();
        _time.Advance(50 * Tick);
        _first.Unacknowledged = 0;
        Assert.Equal(QuietMoment.Rest, Wait(_second, Allowance.Little));
        _second.Unacknowledged = 4096;
        Assert.Equal(Allowance.None, Ask(_second));
        Assert.Equal(Allowance.None, Ask(_first));
        _second.Unacknowledged = 0;
        Assert.Equal(Allowance.None, Ask(_first)); // it may not have sent them yet
        Assert.Equal(Allowance.All, Ask(_second));
        Assert.Equal(Allowance.All, Ask(_first));
    }

    [Fact]
    public void What_is_not_acknowledged_is_waited_for_as_long_as_it_gets_less()
    {
        Begin();
        for (int left = 100; left > 0; left--)
        {
            _first.Unacknowledged = left;
            Assert.Equal(Allowance.None, Ask(_second));
            _time.Advance(Tick);
        }

        Assert.Equal(QuietMoment.Patience - Tick, Wait(_second, Allowance.Little)); // a peer that stands still
    }

    [Fact]
    public void It_ends_when_the_newcomer_does_not_ask_again()
    {
        Begin();
        _first.Unacknowledged = 0;
        Wait(_second, Allowance.Little);
        Assert.Equal(QuietMoment.Patience, Wait(_first, Allowance.All));
    }

    [Fact]
    public void It_ends_when_the_newcomer_has_gone()
    {
        Begin();
        _quiet.Left(_second);
        Assert.Equal(Allowance.All, Ask(_first));
    }

    [Fact]
    public void It_ends_although_peers_go_on_acknowledging()
    {
        Begin();
        TimeSpan waited = default;
        for (int left = 1_000_000; Ask(_first) != Allowance.All; waited += Tick)
        {
            _first.Unacknowledged = --left;
            _time.Advance(Tick);
        }

        Assert.Equal(QuietMoment.Longest, waited);
        Assert.Equal(Allowance.All, Ask(_second));
    }

    [Theory]
    [InlineData(0, 5)] // its round trip is not known
    [InlineData(900, 5)] // short enough
    [InlineData(4000, 1000)] // the others are as far away
    public void Who_is_no_worse_off_than_the_others_waits_for_nothing(int newcomer, int other)
    {
        Send(_first, TimeSpan.FromMicroseconds(other));
        _time.Advance(QuietMoment.Distance);
        _second.LeastRoundTrip = TimeSpan.FromMicroseconds(newcomer);
        Assert.Equal(Allowance.All, Ask(_second));
    }

    [Fact]
    public void Nor_does_anybody_on_a_link_that_has_nothing_to_send()
    {
        Send(_first, Short);
        _first.Unacknowledged = 0;
        _time.Advance(QuietMoment.Distance);
        _second.LeastRoundTrip = Far;
        Assert.Equal(Allowance.All, Ask(_second));
    }

    [Fact]
    public void Nor_one_that_comes_soon_after_another()
    {
        Send(_first, Short);
        _time.Advance(QuietMoment.Distance - Tick);
        _second.LeastRoundTrip = Far;
        Assert.Equal(Allowance.All, Ask(_second));
    }

    [Fact]
    public void Nor_anything_short_which_does_not_make_a_newcomer_of_its_connection()
    {
        Send(_first, Short);
        _time.Advance(QuietMoment.Distance);
        _second.LeastRoundTrip = Far;
        Assert.Equal(Allowance.All, _quiet.Ask(_second, QuietMoment.Least - 1));
        Assert.Equal(Allowance.None, Ask(_second));
    }

    [Fact]
    public void A_connection_has_one_moment_only()
    {
        Begin();
        _time.Advance(QuietMoment.Longest);
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(Allowance.All, Ask(_second)); // its round trip is as long as before
            _time.Advance(QuietMoment.Distance);
        }
    }

    [Fact]
    public async Task A_server_holds_back_data_and_sends_all_of_them_when_it_is_over()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync(msize: 2 * Piece, options: new() { GathersPeers = true });
        using SafeFileHandle disk = NamelessFile.Of(new byte[Piece]);
        await ComeLateAsync(rig, disk);
        await rig.Peer.SendAsync(Frames.Read(3, 1, 0, Piece));
        Task<byte[]> data = rig.Peer.ReceiveAsync();
        for (int i = 0; i < 20; i++)
        {
            rig.Time.Advance(Tick);
            await Task.Delay(1);
        }

        Assert.False(data.IsCompleted);
        _first.Unacknowledged = 0;
        await rig.TickUntilAsync(data);
        Assert.Equal(Frames.Data(MessageType.Rread, 3, rig.Hello.Bytes), await data);
    }

    [Fact]
    public async Task A_server_forgets_a_connection_that_ends_while_data_for_it_are_held_back()
    {
        ServerRig rig = await ServerRig.AttachedAsync(msize: 2 * Piece, options: new() { GathersPeers = true });
        using SafeFileHandle disk = NamelessFile.Of(new byte[Piece]);
        await ComeLateAsync(rig, disk);
        for (ushort tag = 3; tag < 6; tag++)
        {
            await rig.Peer.SendAsync(Frames.Read(tag, 1, 0, Piece));
        }

        await rig.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30)); // and the clock stands still
        _first.Unacknowledged = 0;
        rig.Time.Advance(QuietMoment.Distance);

        rig.Far.Unacknowledged = 1; // were it known still, it would count
        rig.Far.LeastRoundTrip = Short;
        _second.LeastRoundTrip = Far;
        Assert.Equal(Allowance.All, rig.Server.Ask(_second, Gathering.FirstBytes));
    }

    private Allowance Ask(MemoryConnection connection) => _quiet.Ask(connection, QuietMoment.Least);

    /// <summary>Another connection of that server has been sent data, which are under way, when its peer comes to read.</summary>
    private async Task ComeLateAsync(ServerRig rig, SafeFileHandle disk)
    {
        rig.Hello.Bytes = new byte[Piece];
        rig.Hello.OnDisk = disk;
        rig.Far.LeastRoundTrip = Far;
        await rig.OpenAsync(1, "hello");
        _first.LeastRoundTrip = Short;
        Assert.Equal(Allowance.All, rig.Server.Ask(_first, Gathering.FirstBytes));
        _first.Unacknowledged = 1 << 20;
        rig.Time.Advance(QuietMoment.Distance);
    }

    private void Send(MemoryConnection connection, TimeSpan leastRoundTrip)
    {
        connection.LeastRoundTrip = leastRoundTrip;
        Assert.Equal(Allowance.All, Ask(connection));
        connection.Unacknowledged = 1 << 20;
    }

    /// <summary>Data are under way to one connection, and another one comes.</summary>
    private void Begin()
    {
        Send(_first, Short);
        _time.Advance(QuietMoment.Distance);
        _second.LeastRoundTrip = Far;
        Assert.Equal(Allowance.None, Ask(_second));
        Assert.Equal(Allowance.None, Ask(_first));
    }

    /// <summary>How long a connection waits for that.</summary>
    private TimeSpan Wait(MemoryConnection connection, Allowance allowance)
    {
        TimeSpan waited = default;
        for (; Ask(connection) != allowance; waited += Tick)
        {
            Assert.True(waited < QuietMoment.Longest);
            _time.Advance(Tick);
        }

        return waited;
    }
}
