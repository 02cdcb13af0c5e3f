using System.Net;
using Xget.Node.Fetching;
using Xget.Testing;

namespace Xget.Node.Tests.Fetching;

/// <summary>What a node remembers of parents that failed it.</summary>
public sealed class FailedParentsTests
{
    private readonly ManualTime _time = new();
    private readonly FailedParents _failed;

    public FailedParentsTests() => _failed = new FailedParents(_time);

    private static IPEndPoint At(int host, int port = 1) => new(new IPAddress([10, 0, (byte)(host >> 8), (byte)host]), port);

    private void After(TimeSpan time) => _time.Advance(time);

    [Fact]
    public void A_parent_is_avoided_for_ten_seconds_and_the_others_are_not()
    {
        _failed.Failed(At(1), holdsBack: true);
        Assert.True(_failed.IsAvoided(At(1)));
        Assert.False(_failed.IsAvoided(At(1, 2)));
        Assert.False(_failed.IsAvoided(At(2)));
        After(FailedParents.MinPause);
        Assert.False(_failed.IsAvoided(At(1)));
    }

    [Fact]
    public void One_that_fails_again_and_again_is_avoided_twice_as_long_each_time_up_to_five_minutes()
    {
        TimeSpan pause = FailedParents.MinPause;
        for (int i = 0; i < 10; i++)
        {
            _failed.Failed(At(1), holdsBack: false);
            After(pause - TimeSpan.FromMilliseconds(1));
            Assert.True(_failed.IsAvoided(At(1)));
            After(TimeSpan.FromMilliseconds(2));
            Assert.False(_failed.IsAvoided(At(1)));
            pause = pause * 2 < FailedParents.MaxPause ? pause * 2 : FailedParents.MaxPause;
        }
        Assert.Equal(FailedParents.MaxPause, pause);
    }

    [Fact]
    public void Failures_of_several_contents_at_the_same_moment_count_once()
    {
        for (int i = 0; i < 5; i++)
            _failed.Failed(At(1), holdsBack: true);
        After(FailedParents.MinPause);
        Assert.False(_failed.IsAvoided(At(1)));
    }

    [Fact]
    public void One_that_was_good_for_as_long_as_it_had_been_avoided_begins_anew()
    {
        _failed.Failed(At(1), holdsBack: true);
        After(2 * FailedParents.MinPause);
        _failed.Failed(At(1), holdsBack: true);
        After(FailedParents.MinPause);
        Assert.False(_failed.IsAvoided(At(1)));
    }

    [Fact]
    public void Where_three_ports_of_an_address_hold_back_all_of_it_is_avoided()
    {
        for (int port = 1; port <= FailedParents.MaxPortsOfAddress; port++)
        {
            Assert.False(_failed.IsAvoided(At(1, 99)));
            _failed.Failed(At(1, port), holdsBack: true);
        }
        Assert.True(_failed.IsAvoided(At(1, 99)));
        Assert.False(_failed.IsAvoided(At(2, 99)));
    }

    [Fact]
    public void Processes_that_ended_say_nothing_of_their_address()
    {
        for (int port = 1; port <= 10; port++)
            _failed.Failed(At(1, port), holdsBack: false);
        Assert.False(_failed.IsAvoided(At(1, 99)));
    }

    [Fact]
    public void Where_three_addresses_hold_back_only_those_who_have_given_something_are_tried()
    {
        _failed.Gave(At(50));
        for (int host = 1; host <= FailedParents.MaxAddresses; host++)
        {
            Assert.False(_failed.IsUntried(At(51)));
            _failed.Failed(At(host), holdsBack: true);
        }
        Assert.True(_failed.IsUntried(At(51)));
        Assert.False(_failed.IsUntried(At(50)));
        _failed.Failed(At(50), holdsBack: false);
        Assert.True(_failed.IsUntried(At(50)));
        After(FailedParents.MinPause);
        Assert.False(_failed.IsUntried(At(51)));
    }

    [Fact]
    public void What_is_remembered_is_bounded_and_the_oldest_goes_first()
    {
        for (int host = 0; host <= FailedParents.MaxParents; host++)
        {
            _failed.Failed(At(host), holdsBack: true);
            After(TimeSpan.FromMilliseconds(1));
        }
        HashSet<IPEndPoint> all = [];
        _failed.AddTo(all, int.MaxValue);
        Assert.Equal(FailedParents.MaxParents, all.Count);
        Assert.False(_failed.IsAvoided(At(0)));
        Assert.True(_failed.IsAvoided(At(FailedParents.MaxParents)));
    }

    [Fact]
    public void A_node_names_no_more_of_them_than_it_may()
    {
        for (int host = 0; host < 10; host++)
            _failed.Failed(At(host), holdsBack: true);
        HashSet<IPEndPoint> some = [At(100), At(101)];
        _failed.AddTo(some, 5);
        Assert.Equal(5, some.Count);
    }
}
