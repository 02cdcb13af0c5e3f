using System.Net;
using Xget.Node.Exporting;
using Xget.Routing;
using Xget.Testing;

namespace Xget.Node.Tests.Exporting;

/// <summary>Who is far slower than the others, by what nodes report about once a second.</summary>
public sealed class PaceTests
{
    private const ulong Much = 8 << 20;
    private const ulong Little = (1 << 20) - 1;
    private const int Others = 4;
    private const ulong Usual = 1_000_000;

    private readonly ManualTime _time = new();
    private readonly ContentRoutes _routes = new(new ContentKey("img", "img", 1 << 30), new DistributionTree(new RoutingOptions { Stripes = 2 }), null);
    private readonly Pace[] _others = new Pace[Others];
    private readonly PeerAddress[] _hosts = [.. Enumerable.Range(1, Others).Select(Host)];
    private readonly PeerAddress _own = Host(0);

    private static PeerAddress Host(int number) => new(number, new IPAddress([10, 0, 0, (byte)number]));

    public PaceTests()
    {
        for (int i = 0; i < Others; i++)
            _others[i] = new Pace();
        Nodes(Others + 1);
        _time.Advance(TimeSpan.FromSeconds(1));
    }

    private void Nodes(int count)
    {
        _routes.Sessions.Clear();
        for (int id = 1; id <= count; id++)
        {
            var session = new NodeSession(id, $"node{id}", Host(id));
            _routes.Sessions.Add(session.Node, session);
        }
    }

    /// <summary>
    /// One node gets so many thousand bytes in each second, beside others that get a thousand thousand; whether it is
    /// slow, at each of its reports.
    /// </summary>
    private bool[] Told(int[] thousands, ulong missing = Much)
    {
        var pace = new Pace();
        var told = new List<bool> { pace.IsSlow(_routes, _own, _time, 0, missing) };
        for (int i = 0; i < Others; i++)
            Assert.False(_others[i].IsSlow(_routes, _hosts[i], _time, 0, Much));
        ulong have = 0;
        for (ulong second = 1; second <= (ulong)thousands.Length; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            for (int i = 0; i < Others; i++)
                Assert.False(_others[i].IsSlow(_routes, _hosts[i], _time, second * Usual, Much));
            have += (ulong)thousands[second - 1] * 1000;
            told.Add(pace.IsSlow(_routes, _own, _time, have, missing));
        }
        return [.. told];
    }

    [Theory]
    [InlineData(new[] { 1000, 1000, 1000, 1000 }, "-----")]
    [InlineData(new[] { 500, 400, 500, 400 }, "-----")] // slower, and still of use
    [InlineData(new[] { 100, 100 }, "--S")]
    [InlineData(new[] { 0, 0, 0 }, "--SS")]
    [InlineData(new[] { 100, 1000, 100, 1000, 100 }, "------")] // a hiccup now and then
    [InlineData(new[] { 1000, 1000, 100, 100 }, "----S")]
    [InlineData(new[] { 100, 100, 1000 }, "--S-")]
    public void A_node_is_slow_when_it_gets_less_than_a_third_of_what_is_usual_twice_in_a_row(int[] thousands, string slow) =>
        Assert.Equal(slow.Select(c => c == 'S'), Told(thousands));

    [Fact]
    public void Who_waits_for_little_is_never_slow_for_he_may_not_want_more() =>
        Assert.DoesNotContain(true, Told([0, 0, 0, 0, 0], Little));

    [Fact]
    public void The_first_report_says_nothing_nor_does_the_first_one_after_a_time_with_few_wishes()
    {
        var pace = new Pace();
        _routes.UsualRate.Add(_hosts[0], Usual, _time);
        Assert.False(pace.IsSlow(_routes, _own, _time, 0, Much));
        for (int i = 0; i < 5; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(100));
            Assert.False(pace.IsSlow(_routes, _own, _time, 0, Little));
            Assert.False(pace.IsSlow(_routes, _own, _time, 0, Much));
        }
    }

    [Fact]
    public void Reports_that_come_in_a_hurry_count_as_one()
    {
        var pace = new Pace();
        _routes.UsualRate.Add(_hosts[0], Usual, _time);
        Assert.False(pace.IsSlow(_routes, _own, _time, 0, Much));
        for (int i = 0; i < 9; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            Assert.False(pace.IsSlow(_routes, _own, _time, 0, Much));
        }
        _time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.True(pace.IsSlow(_routes, _own, _time, 0, Much));
    }

    [Fact]
    public void What_was_lost_from_a_cache_is_no_slowness()
    {
        var pace = new Pace();
        _routes.UsualRate.Add(_hosts[0], Usual, _time);
        for (ulong have = 9; have > 0; have--)
        {
            Assert.False(pace.IsSlow(_routes, _own, _time, have, Much));
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public void Of_two_nodes_none_is_slow_for_there_is_no_usual()
    {
        Nodes(2);
        Assert.DoesNotContain(true, Told([0, 0, 0, 0]));
    }

    [Fact]
    public void When_all_are_slow_nobody_is()
    {
        for (int second = 0; second < 20; second++)
        {
            for (int i = 0; i < Others; i++)
                Assert.False(_others[i].IsSlow(_routes, _hosts[i], _time, (ulong)second * 10_000, Much));
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(200)]
    [InlineData(300)]
    [InlineData(500)]
    [InlineData(600)]
    [InlineData(800)]
    [InlineData(900)]
    public void Nor_when_all_are_held_up_at_once_though_they_report_at_different_times(int stop)
    {
        ulong[] have = new ulong[Others];
        for (int ms = 0; ms < 20_000; ms += 100)
        {
            for (int i = 0; i < Others; i++)
            {
                have[i] += ms < 5000 + stop ? Usual / 10 : 0;
                if (ms / 100 % 10 == 3 * i)
                    Assert.False(_others[i].IsSlow(_routes, _hosts[i], _time, have[i], Much));
            }
            _time.Advance(TimeSpan.FromMilliseconds(100));
        }
    }
}
