using System.Net;
using Xget.Node.Exporting;
using Xget.Routing;
using Xget.Testing;

namespace Xget.Node.Tests.Exporting;

/// <summary>Nodes that lie about their progress make nobody slow.</summary>
public sealed class UsualRateTests
{
    private const ulong Size = 1UL << 40;
    private const ulong Much = 8 << 20;
    private const ulong Usual = 1_000_000;
    private const int Honest = 40;

    private readonly ManualTime _time = new();
    private readonly ContentRoutes _routes = new(new ContentKey("img", "img", Size), new DistributionTree(new RoutingOptions { Stripes = 2 }), null);

    private static PeerAddress Host(int number) => new(number, new IPAddress([10, 0, (byte)(number >> 8), (byte)number]));

    private (Pace Pace, PeerAddress Host)[] Nodes(int first, int count, bool oneAddress = false)
    {
        PeerAddress one = Host(first);
        return [.. Enumerable.Range(first, count).Select(n =>
        {
            var session = new NodeSession(n, $"node{n}", oneAddress ? one : Host(n));
            _routes.Sessions.Add(session.Node, session);
            return (new Pace(), session.Host);
        })];
    }

    /// <summary>Who is said to be slow of the honest, in ten seconds in which each gets about as much as another.</summary>
    private int Demoted((Pace Pace, PeerAddress Host)[] honest, (Pace Pace, PeerAddress Host)[] liars, ulong lie)
    {
        var random = new Random(7);
        ulong[] have = new ulong[honest.Length];
        int slow = 0;
        for (ulong second = 0; second < 10; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            foreach ((Pace pace, PeerAddress host) in liars)
                pace.IsSlow(_routes, host, _time, lie * second, Much);
            for (int i = 0; i < honest.Length; i++)
            {
                have[i] += Usual / 2 + (ulong)random.Next((int)Usual);
                slow += honest[i].Pace.IsSlow(_routes, honest[i].Host, _time, have[i], Much) ? 1 : 0;
            }
        }
        return slow;
    }

    [Theory]
    [InlineData(40, 1UL << 30, false)]
    [InlineData(40, 1UL << 36, false)]
    [InlineData(40, 10_000_000UL, false)]
    [InlineData(75, 1UL << 30, false)]
    [InlineData(1000, 1UL << 30, true)]
    [InlineData(40, ulong.MaxValue / 16, false)]
    public void Honest_nodes_beside_liars_are_not_slow(int liars, ulong lie, bool oneAddress) =>
        Assert.Equal(0, Demoted(Nodes(1, Honest), Nodes(1000, liars, oneAddress), lie));

    [Fact]
    public void A_node_that_is_slow_is_found_beside_liars_too()
    {
        var liars = Nodes(1000, 40);
        var honest = Nodes(1, Honest);
        var (pace, host) = Nodes(5000, 1)[0];
        bool found = false;
        for (ulong second = 0; second < 6; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            foreach ((Pace p, PeerAddress h) in liars)
                p.IsSlow(_routes, h, _time, (1UL << 30) * second, Much);
            foreach ((Pace p, PeerAddress h) in honest)
                Assert.False(p.IsSlow(_routes, h, _time, Usual * second, Much));
            found |= pace.IsSlow(_routes, host, _time, Usual / 10 * second, Much);
        }
        Assert.True(found);
    }
}
