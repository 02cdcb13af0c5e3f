namespace Xget.Routing.Tests;

/// <summary>Several stripes: each node is inner in about one of them, and the master still sends little.</summary>
public sealed class StripeTests
{
    [Fact]
    public void A_node_has_a_route_for_each_stripe()
    {
        Cluster cluster = new(stripes: 4);
        Assert.Equal([0, 1, 2, 3], cluster.Worker(1).Routes.Select(r => r.Stripe));
        Assert.Equal(4, cluster.Worker(2).Routes.Count);
    }

    [Fact]
    public void The_first_nodes_are_the_first_workers_of_one_stripe_each_right_below_the_master()
    {
        Cluster cluster = new(stripes: 4);
        Assert.All(cluster.Worker(1).Routes, r => Assert.Null(r.Parent));
        for (int id = 2; id <= 4; id++)
        {
            Member member = cluster.Worker(id);
            Assert.Equal([id - 1], member.Routes.Where(r => r.Parent is null).Select(r => r.Stripe));
        }

        Assert.All(cluster.Worker(5).Routes, r => Assert.NotNull(r.Parent));
    }

    [Fact]
    public void Later_nodes_read_each_stripe_from_a_worker_that_is_inner_there()
    {
        Cluster cluster = new(stripes: 4);
        for (int id = 1; id <= 4; id++)
        {
            cluster.Worker(id);
        }

        Assert.Equal([1, 2, 3, 4], cluster.Worker(5).Routes.Select(r => r.Parent!.Id));
    }

    [Fact]
    public void Once_the_first_nodes_have_asked_anew_the_last_of_them_first_the_master_sends_one_copy_in_all()
    {
        // The first nodes came when some stripes had no inner worker yet, and read those from each other.
        Cluster cluster = new(stripes: 8, maxConnections: 16);
        Member[] members = Enumerable.Range(1, 91).Select(cluster.Worker).ToArray();
        Assert.Equal(8 + 7, members.Sum(FromMaster));
        foreach (Member member in members.Take(8).Reverse())
        {
            for (int stripe = 0; stripe < 8; stripe++)
            {
                cluster.Tree.Reroute(member, stripe, failedParent: null);
            }
        }

        Assert.Equal(8, members.Sum(FromMaster));
        Assert.All(members.Take(8), m => Assert.Equal(1, FromMaster(m)));
        static int FromMaster(Member member) => member.Routes.Count(r => r.Parent is null);
    }

    [Theory]
    [InlineData(91, 4, 4, 10)]
    [InlineData(91, 8, 4, 16)]
    [InlineData(1000, 8, 6, 16)]
    [InlineData(10_000, 8, 6, 16)]
    public void Nearly_every_node_has_its_children_in_one_stripe(int nodes, int stripes, int maxLevel, int maxConnections)
    {
        Cluster cluster = new(stripes, maxLevel, maxConnections);
        Member[] members = Enumerable.Range(1, nodes).Select(cluster.Worker).ToArray();
        int[] stripesServed = members.SelectMany(m => m.Routes).Where(r => r.Parent is not null)
            .Select(r => (r.Parent, r.Stripe)).Distinct().GroupBy(p => p.Parent!.Id).Select(g => g.Count()).ToArray();
        Assert.InRange(stripesServed.Count(s => s > 1), 0, nodes / 20);
        Assert.InRange(stripesServed.Length, nodes * 95 / 100, nodes);
        Assert.InRange(members.Sum(m => m.Routes.Count(r => r.Parent is null)), stripes, 2 * stripes - 1);
    }

    [Fact]
    public void A_node_that_comes_after_the_death_of_another_takes_its_place()
    {
        Cluster cluster = new(stripes: 2);
        cluster.Worker(1);
        cluster.Kill(cluster.Worker(2));
        Member member = cluster.Worker(3);
        Assert.Equal((1, 0), (member.Parent(0), member.Parent(1)));
    }

    [Fact]
    public void A_node_on_the_last_level_of_its_inner_stripe_becomes_inner_where_it_is_highest()
    {
        RoutingOptions options = new() { Stripes = 3, MaxLevel = 4 };
        InnerStripes inner = new(options);
        Worker worker = new(new RoutingNode(1), options);
        inner.Assign(worker);
        (worker.Places[0].Level, worker.Places[1].Level, worker.Places[2].Level) = (3, 2, 1);
        Assert.False(inner.Settle(worker));
        Assert.Equal(0, worker.InnerStripe);
        (worker.Places[0].Level, worker.Places[1].Level, worker.Places[2].Level) = (4, 3, 2);
        Assert.True(inner.Settle(worker));
        Assert.Equal(2, worker.InnerStripe);
        Assert.True(inner.IsAlone(worker));

        // The one that comes next takes the place that is free again.
        Worker next = new(new RoutingNode(2), options);
        inner.Assign(next);
        Assert.Equal(0, next.InnerStripe);
        Assert.True(inner.IsAlone(next));
    }

    [Fact]
    public void The_limit_of_connections_holds_over_all_stripes_together()
    {
        Cluster cluster = new(stripes: 8, maxConnections: 3);
        for (int id = 1; id <= 50; id++)
        {
            cluster.Worker(id);
            Assert.All(Enumerable.Range(1, id), i => Assert.InRange(cluster.Tree.Connections(cluster[i]), 0, 3));
        }
    }

    [Fact]
    public void A_stripe_is_rerouted_alone()
    {
        Cluster cluster = new(stripes: 2);
        for (int id = 1; id <= 6; id++)
        {
            cluster.Worker(id);
        }

        Member member = cluster.Reader(10);
        StripeRoute other = member.Routes[1];
        RoutingNode failed = member.Routes[0].Parent!;
        Assert.NotEqual(failed, cluster.Tree.Reroute(member, 0, failed).Parent);
        Assert.Equal(other, member.Routes[1]);
    }

    [Fact]
    public void When_all_inner_workers_of_a_stripe_are_gone_the_others_serve_it_before_the_master_does()
    {
        Cluster cluster = new(stripes: 2);
        Member first = cluster.Worker(1);
        Member second = cluster.Worker(2);
        Assert.Equal((0, 0), (first.Parent(1), second.Parent(1)));
        cluster.Tree.Withdraw(second.Node);
        Member reader = cluster.Reader(3);
        Assert.Equal((1, 1), (reader.Parent(0), reader.Parent(1)));
    }
}
