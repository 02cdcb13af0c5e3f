using Microsoft.Win32.SafeHandles;
using Xget.Testing;

namespace Xget.NineP.Tests.Server;

/// <summary>When peers come at once, data wait until they are all connected, and never for long.</summary>
public sealed class GatheringTests
{
    private const int Piece = 64 << 10;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);
    private readonly ManualTime _time = new();
    private readonly Gathering _gathering;
    private readonly MemoryConnection _first = MemoryConnection.Pair().A;
    private readonly MemoryConnection _other = MemoryConnection.Pair().A;
    private long _begun;

    public GatheringTests() => _gathering = new Gathering(_time);

    private TimeSpan Elapsed => _time.GetElapsedTime(_begun);

    [Fact]
    public void The_first_connection_gets_its_first_bytes_and_then_all_wait()
    {
        Begin();
        Assert.Equal(Allowance.None, _gathering.Ask(_first, Piece));
        Assert.Equal(Allowance.None, _gathering.Ask(_other, Piece));
    }

    [Fact]
    public void It_ends_when_nobody_has_come_for_a_while()
    {
        Begin();
        _time.Advance(Gathering.Patience / 2);
        _gathering.Arrived();
        Assert.Equal(Gathering.Patience * 1.5, Length());
        Assert.Equal(Allowance.All, _gathering.Ask(_first, Piece));
    }

    [Theory]
    [InlineData(3, 20, true)]
    [InlineData(8, 20, true)]
    [InlineData(2, 20, false)]
    [InlineData(3, 30, false)]
    [InlineData(5, 35, false)]
    public void Where_many_come_quickly_it_waits_longer_for_the_next_one(int peers, int milliseconds, bool isCrowd)
    {
        Begin();
        for (int i = 0; i < peers; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
            _gathering.Arrived();
            Assert.Equal(Allowance.None, _gathering.Ask(_other, Piece));
        }

        TimeSpan patience = isCrowd ? Gathering.CrowdPatience : Gathering.Patience;
        Assert.Equal(TimeSpan.FromMilliseconds(peers * milliseconds) + patience, Length());
    }

    [Fact]
    public void It_ends_although_peers_keep_coming()
    {
        Begin();
        Assert.Equal(Gathering.Longest, Length(_gathering.Arrived));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(10)]
    public void It_takes_a_few_times_what_the_first_bytes_took(int milliseconds)
    {
        Begin();
        TimeSpan took = TimeSpan.FromMilliseconds(milliseconds);
        TimeSpan length = Length(() =>
        {
            _gathering.Arrived();
            if (Elapsed >= took)
            {
                _first.Unacknowledged = 0;
            }
        });
        Assert.InRange(length, took * Gathering.Times, (took + 2 * Tick) * Gathering.Times);
    }

    [Fact]
    public void On_a_fast_link_it_ends_at_once()
    {
        Begin();
        _time.Advance(2 * Tick);
        _first.Unacknowledged = 0;
        Assert.Equal(Allowance.All, _gathering.Ask(_other, Piece));
    }

    [Fact]
    public void The_others_get_a_little_once_the_first_bytes_are_through()
    {
        Begin();
        MemoryConnection third = MemoryConnection.Pair().A;
        _time.Advance(10 * Tick);
        Assert.Equal(Allowance.None, _gathering.Ask(_other, Piece));
        _first.Unacknowledged = 0;
        Assert.Equal(
            [Allowance.None, Allowance.Little, Allowance.Little, Allowance.None, Allowance.None],
            new[] { _first, _other, third, third, _other }.Select(each => _gathering.Ask(each, Piece)));
    }

    [Fact]
    public void A_peer_that_comes_long_before_it_reads_waits_for_nothing()
    {
        _gathering.Arrived();
        _time.Advance(Gathering.Patience);
        _first.Unacknowledged = 1;
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(Allowance.All, _gathering.Ask(_first, Piece));
        }
    }

    [Fact]
    public void Only_data_after_a_silence_begin_another_one()
    {
        Begin();
        Length();
        for (int i = 0; i < 100; i++)
        {
            _gathering.Arrived();
            Assert.Equal(Allowance.All, _gathering.Ask(_other, Piece));
            _time.Advance(Gathering.Silence - Tick);
        }

        _time.Advance(Tick);
        Begin();
        Assert.Equal(Allowance.None, _gathering.Ask(_other, Piece));
    }

    [Fact]
    public void One_that_nobody_else_came_to_is_forgotten()
    {
        Begin();
        _time.Advance(Gathering.Silence);
        Begin();
        Assert.Equal(Allowance.None, _gathering.Ask(_other, Piece));
    }

    [Fact]
    public async Task A_server_that_gathers_its_peers_sends_the_rest_when_it_is_over()
    {
        await using ServerRig rig = await ServerRig.AttachedAsync(msize: 2 * Piece, options: new() { GathersPeers = true });
        using SafeFileHandle disk = NamelessFile.Of(new byte[Piece]);
        Task<byte[]> data = await WaitingAsync(rig, disk);
        for (TimeSpan waited = default; waited < Gathering.Patience - Tick; waited += Tick)
        {
            rig.Time.Advance(Tick);
        }

        Assert.False(data.IsCompleted);
        await rig.TickUntilAsync(data);
        Assert.Equal(Frames.Data(MessageType.Rread, 5, rig.Hello.Bytes), await data);
    }

    [Fact]
    public async Task A_connection_that_ends_waits_no_longer()
    {
        ServerRig rig = await ServerRig.AttachedAsync(msize: 2 * Piece, options: new() { GathersPeers = true });
        using SafeFileHandle disk = NamelessFile.Of(new byte[Piece]);
        Task<byte[]> data = await WaitingAsync(rig, disk);
        for (int i = 0; i < 1000 && rig.Hello.Leases == 0; i++)
        {
            await Task.Delay(1);
        }

        Assert.False(data.IsCompleted);
        await rig.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30)); // and the clock stands still
        Assert.Equal(0, rig.Hello.Leases);
    }

    /// <summary>The connection has got the first bytes and asked for more, which do not come.</summary>
    private static async Task<Task<byte[]>> WaitingAsync(ServerRig rig, SafeFileHandle disk)
    {
        rig.Hello.Bytes = new byte[Piece];
        rig.Hello.OnDisk = disk;
        rig.Far.Unacknowledged = 1;
        await rig.OpenAsync(1, "hello");
        await rig.ExpectAsync(Frames.Read(3, 1, 0, Piece), MessageType.Rread);
        await rig.ExpectAsync(Frames.Read(4, 1, 0, Piece), MessageType.Rread);
        await rig.Peer.SendAsync(Frames.Read(5, 1, 0, Piece));
        return rig.Peer.ReceiveAsync();
    }

    /// <summary>A peer comes and gets what nobody waits for; its host has not acknowledged it.</summary>
    private void Begin()
    {
        _gathering.Arrived();
        _begun = _time.GetTimestamp();
        _first.Unacknowledged = 1;
        for (int sent = 0; sent < Gathering.FirstBytes; sent += Piece)
        {
            Assert.Equal(Allowance.All, _gathering.Ask(_first, Piece));
        }
    }

    /// <summary>How long the other connection waits, from the beginning on.</summary>
    private TimeSpan Length(Action? meanwhile = null)
    {
        for (; _gathering.Ask(_other, Piece) != Allowance.All; _time.Advance(Tick))
        {
            meanwhile?.Invoke();
        }

        return Elapsed;
    }
}
