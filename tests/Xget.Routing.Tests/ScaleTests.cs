namespace Xget.Routing.Tests;

/// <summary>The work per decision, counted in comparisons, as time proves nothing on a shared machine.</summary>
public sealed class ScaleTests
{
    private const int Nodes = 100_000;

    // A heap of n workers is log2(n) = 17 high: two comparisons on each step down, one on each step up.
    private const int Height = 17;

    [Theory]
    [InlineData(1, 4, 10)]
    [InlineData(8, 6, 16)]
    public void A_hundred_thousand_joins_take_logarithmic_work_each(int stripes, int maxLevel, int maxConnections)
    {
        Cluster cluster = new(stripes, maxLevel, maxConnections);
        for (int id = 1; id <= Nodes; id++)
        {
            cluster.Worker(id);
        }

        // Per stripe: the parent moves in one queue by its height, and in those of the other stripes hardly at all.
        long perJoin = cluster.Tree.Steps / Nodes;
        Assert.InRange(perJoin, 1, stripes * 3 * Height);
    }

    [Fact]
    public void Leaving_dying_and_asking_anew_take_logarithmic_work_too()
    {
        Cluster cluster = new(stripes: 2, maxLevel: 6);
        Member[] members = Enumerable.Range(1, Nodes).Select(cluster.Worker).ToArray();
        long before = cluster.Tree.Steps;
        new Random(1).Shuffle(members);
        foreach (Member dead in members.Take(Nodes / 3))
        {
            cluster.Kill(dead);
        }

        long events = 2 * Nodes / 3;
        foreach (Member orphan in members.Skip(Nodes / 3))
        {
            for (int stripe = 0; stripe < 2; stripe++)
            {
                cluster.Tree.Reroute(orphan, stripe, orphan.Routes[stripe].Parent);
                events++;
            }
        }

        Assert.InRange((cluster.Tree.Steps - before) / events, 1, 2 * 3 * Height);
    }

    [Fact]
    public void A_member_that_has_left_out_as_many_as_it_may_costs_a_bounded_search()
    {
        Cluster cluster = new();
        for (int id = 1; id <= Nodes; id++)
        {
            cluster.Complete(id);
        }

        Member member = cluster.Reader(Nodes + 1);
        long before = cluster.Tree.Steps;
        for (int i = 0; i < 32; i++)
        {
            cluster.Tree.Reroute(member, 0, member.Routes[0].Parent);
        }

        Assert.NotNull(member.Routes[0].Parent);

        // Each search passes over at most 33 workers, and compares each time at most 34 that lie at the border.
        Assert.InRange(cluster.Tree.Steps - before, 1, 32 * (33 * 34 + 3 * 3 * Height));
    }
}
