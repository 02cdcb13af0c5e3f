namespace Xget.Routing.Tests;

/// <summary>The shape of the trees with several stripes: with the limits that the master gives to large contents.</summary>
public sealed class StripedShapeTests
{
    public static readonly TheoryData<int, int> Sizes = new()
    {
        { 2, 20 }, { 2, 200 },
        { 3, 30 }, { 3, 92 }, { 3, 1000 },
        { 4, 40 }, { 4, 92 }, { 4, 1000 },
        { 8, 80 }, { 8, 92 }, { 8, 200 }, { 8, 1000 },
        { 16, 160 }, { 16, 500 }, { 16, 1000 },
    };

    [Theory]
    [InlineData(2, 1000)]
    [InlineData(3, 1000)]
    [InlineData(4, 1000)]
    [InlineData(8, 1000)]
    [InlineData(16, 1000)]
    public void From_the_first_node_to_the_last_the_master_has_exactly_one_route_of_each_stripe(int stripes, int nodes)
    {
        Cluster cluster = Large(stripes);
        HashSet<Member> fromMaster = [];
        for (int id = 1; id <= nodes; id++)
        {
            fromMaster.Add(cluster.Worker(id));
            fromMaster.RemoveWhere(m => m.FromMaster() == 0);
            Assert.Equal(Enumerable.Range(0, stripes), Roots(fromMaster).Order());
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void All_but_a_few_workers_have_as_many_children_as_there_are_stripes_and_none_has_many_more(int stripes, int nodes)
    {
        Cluster cluster = Large(stripes);
        for (int id = 1; id <= nodes; id++)
        {
            cluster.Worker(id);
            Assert.InRange(cluster.Tree.Connections(cluster[1]), 0, stripes + 3);
        }

        int[] children = Enumerable.Range(1, nodes).Select(id => cluster.Tree.Connections(cluster[id])).ToArray();
        Assert.Equal(stripes * (nodes - 1), children.Sum());
        Assert.InRange(children.Max(), stripes, stripes <= 4 ? stripes : stripes + 3);
        Assert.InRange(children.Count(c => c != stripes), 0, stripes + stripes / 4);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Nearly_all_workers_have_their_children_in_one_stripe(int stripes, int nodes)
    {
        Member[] members = Join(Large(stripes), nodes);
        var stripesServed = members.SelectMany(m => m.Routes).Where(r => r.Parent is not null)
            .Select(r => (r.Parent, r.Stripe)).Distinct().CountBy(p => p.Parent!).Select(p => p.Value).ToArray();
        Assert.InRange(stripesServed.Count(s => s > 1), 0, stripes <= 4 ? 1 : 2 * stripes);
        Assert.InRange(stripesServed.Length, nodes - stripes, nodes);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void The_trees_are_little_deeper_than_full_ones(int stripes, int nodes)
    {
        // Full: the root, then one inner worker of the stripe has k children, of N / k; leaves are below.
        int full = 2 + (int)Math.Ceiling(Math.Log((double)nodes / stripes, stripes));
        int[] levels = Join(Large(stripes), nodes).SelectMany(m => m.Routes).Select(r => r.Level).ToArray();
        Assert.InRange(levels.Count(l => l > full + 1), 0, levels.Length / 100);
        Assert.InRange(levels.Max(), full - 1, Math.Min(8, full + (stripes <= 4 ? 1 : 4)));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_node_that_joins_moves_others_in_at_most_every_stripe_and_in_half_of_them_on_average(int stripes, int nodes)
    {
        Cluster cluster = Large(stripes);
        int changes = 0;
        for (int id = 1; id <= nodes; id++)
        {
            cluster.Worker(id);
            int told = cluster.TakeChanged().Length;
            Assert.InRange(told, 0, stripes);
            changes += told;
        }

        Assert.InRange(changes, 0, nodes * (stripes / 2.0 + 1));
    }

    [Theory]
    [InlineData(2, 92)]
    [InlineData(2, 1000)]
    [InlineData(4, 92)]
    [InlineData(4, 1000)]
    [InlineData(8, 92)]
    [InlineData(8, 1000)]
    public void When_a_third_of_the_nodes_die_at_once_the_master_still_has_one_route_of_each_stripe(int stripes, int nodes)
    {
        Cluster cluster = Large(stripes);
        Member[] members = Join(cluster, nodes);
        Member[] shuffled = [.. members];
        new Random(1).Shuffle(shuffled);
        Member[] alive = Die(cluster, members, shuffled[..(nodes / 3)]);
        Assert.Equal(Enumerable.Range(0, stripes), Roots(alive).Order());
        Assert.All(alive, m => Assert.InRange(cluster.Tree.Connections(m.Node), 0, stripes + 3));
    }

    [Theory]
    [InlineData(2, 92, 1)]
    [InlineData(2, 1000, 1)]
    [InlineData(4, 92, 1)]
    [InlineData(4, 1000, 4)]
    [InlineData(8, 92, 1)]
    [InlineData(8, 1000, 3)]
    [InlineData(16, 300, 2)]
    public void When_the_highest_die_one_after_the_other_the_master_has_few_routes_more(int stripes, int nodes, int most)
    {
        Cluster cluster = Large(stripes);
        Member[] alive = Join(cluster, nodes);
        foreach (Member dead in alive.OrderBy(m => m.Routes.Min(r => r.Level)).Take(nodes * 3 / 10).ToArray())
        {
            alive = Die(cluster, alive, [dead]);
            Assert.InRange(Roots(alive).CountBy(s => s).Max(r => r.Value), 1, most);
        }

        // As many newcomers bring it back to one, or nearly.
        IEnumerable<Member> newcomers = Enumerable.Range(nodes + 1, nodes * 3 / 10).Select(cluster.Worker);
        Assert.InRange(Roots([.. alive, .. newcomers]).CountBy(s => s).Max(r => r.Value), 1, most);
    }

    /// <summary>The limits that the master gives to a content of that many stripes.</summary>
    private static Cluster Large(int stripes) => new(stripes, maxLevel: 8, maxConnections: Math.Max(10, 2 * stripes));

    private static Member[] Join(Cluster cluster, int nodes) => Enumerable.Range(1, nodes).Select(cluster.Worker).ToArray();

    /// <summary>The stripes of the routes to the master.</summary>
    private static IEnumerable<int> Roots(IEnumerable<Member> members) =>
        members.SelectMany(m => m.Routes).Where(r => r.Parent is null).Select(r => r.Stripe);

    /// <summary>They are lost, and whoever reads from them finds out and asks anew. Returns the others.</summary>
    private static Member[] Die(Cluster cluster, Member[] members, Member[] dead)
    {
        Assert.All(dead, cluster.Kill);
        HashSet<RoutingNode> lost = dead.Select(m => m.Node).ToHashSet();
        Member[] alive = members.Where(m => !lost.Contains(m.Node)).ToArray();
        foreach (Member orphan in alive)
        {
            for (int stripe = 0; stripe < orphan.Routes.Count; stripe++)
            {
                if (orphan.Routes[stripe].Parent is { } parent && lost.Contains(parent))
                {
                    cluster.Tree.Reroute(orphan, stripe, parent);
                }
            }
        }

        return alive;
    }
}
