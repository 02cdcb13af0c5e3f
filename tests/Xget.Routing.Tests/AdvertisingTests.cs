namespace Xget.Routing.Tests;

/// <summary>Who is eligible, and for how long: joining, leaving, advertising, withdrawing.</summary>
public sealed class AdvertisingTests
{
    [Fact]
    public void A_node_that_does_not_advertise_is_nobodys_parent()
    {
        Cluster cluster = new();
        cluster.Reader(1);
        Assert.Equal(0, cluster.Reader(2).Parent());
    }

    [Fact]
    public void A_node_that_advertised_is_eligible_the_moment_its_route_is_decided_and_not_before()
    {
        Cluster cluster = new();
        cluster.Tree.Advertise(cluster[1]);
        Assert.Equal(0, cluster.Reader(2).Parent());
        cluster.Tree.Join(cluster[1]);
        Assert.Equal(1, cluster.Reader(3).Parent());
    }

    [Fact]
    public void A_node_that_joined_is_eligible_the_moment_it_advertises()
    {
        Cluster cluster = new();
        Member member = cluster.Reader(1);
        cluster.Tree.Advertise(member.Node);
        Assert.Equal(1, cluster.Reader(2).Parent());
    }

    [Fact]
    public void A_node_that_is_complete_and_holds_no_route_is_a_worker_of_level_1_in_all_stripes()
    {
        Cluster cluster = new(stripes: 3);
        cluster.Complete(1);
        Assert.All(Enumerable.Range(0, 3), s => Assert.Equal(1, cluster.Entry(1, s).Level));
        Member member = cluster.Reader(2);
        Assert.Contains(Enumerable.Range(0, 3), s => member.Parent(s) == 1 && member.Level(s) == 2);
    }

    [Fact]
    public void A_node_that_leaves_and_serves_on_stays_at_its_last_level()
    {
        Cluster cluster = new();
        cluster.Worker(1);
        Member member = cluster.Worker(2);
        cluster.Tree.Leave(member);
        Assert.Equal(0, cluster.Tree.Connections(cluster[1]));
        Assert.Equal((2, false, true), (cluster.Entry(2).Level, cluster.Entry(2).HoldsRoute, cluster.Entry(2).Advertises));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_node_that_leaves_complete_rises_to_level_1_whichever_it_says_first(bool completeFirst)
    {
        Cluster cluster = new();
        cluster.Worker(1);
        Member member = cluster.Worker(2);
        if (completeFirst)
        {
            cluster.Tree.Complete(cluster[2]);
            Assert.Equal(2, cluster.Entry(2).Level);
        }

        cluster.Tree.Leave(member);
        if (!completeFirst)
        {
            cluster.Tree.Complete(cluster[2]);
        }

        Assert.Equal(1, cluster.Entry(2).Level);
    }

    [Fact]
    public void A_node_that_does_not_advertise_cannot_be_complete()
    {
        Cluster cluster = new();
        cluster.Tree.Complete(cluster[1]);
        Assert.True(cluster.Tree.IsEmpty);
        cluster.Tree.Advertise(cluster[1]);
        Assert.Equal(0, cluster.Entry(1).Level);
    }

    [Fact]
    public void A_worker_that_withdraws_gets_no_more_children_but_keeps_those_it_has_until_they_ask_anew()
    {
        Cluster cluster = new();
        Member worker = cluster.Worker(1);
        Member child = cluster.Reader(2);
        cluster.Tree.Withdraw(worker.Node);
        Assert.Equal(0, cluster.Reader(3).Parent());
        Assert.Equal((1, 1), (child.Parent(), cluster.Tree.Connections(worker.Node)));
        Assert.Equal(new StripeRoute(0, 1, null), cluster.Tree.Reroute(child, 0, failedParent: null));
        Assert.Equal(0, cluster.Tree.Connections(worker.Node));
    }

    [Fact]
    public void A_node_that_joins_twice_holds_the_same_routes_until_it_has_left_twice()
    {
        Cluster cluster = new();
        cluster.Worker(1);
        Member member = cluster.Reader(2);
        Assert.Same(member, cluster.Reader(2));
        cluster.Tree.Leave(member);
        Assert.Equal(1, cluster.Tree.Connections(cluster[1]));
        cluster.Tree.Leave(member);
        Assert.Equal(0, cluster.Tree.Connections(cluster[1]));
    }

    [Fact]
    public void A_member_that_has_left_can_leave_again_without_effect_but_not_reroute()
    {
        Cluster cluster = new();
        cluster.Worker(1);
        Member left = cluster.Reader(2);
        cluster.Tree.Leave(left);
        cluster.Reader(3);
        cluster.Tree.Leave(left);
        Assert.Equal(1, cluster.Tree.Connections(cluster[1]));
        Assert.Throws<InvalidOperationException>(() => cluster.Tree.Reroute(left, 0, null));
    }

    [Fact]
    public void A_node_is_never_its_own_parent()
    {
        Cluster cluster = new();
        cluster.Complete(1);
        Assert.Equal(0, cluster.Reader(1).Parent());
    }

    [Fact]
    public void A_worker_that_asks_for_a_route_again_stays_above_its_children()
    {
        // 1 and 2 stand at level 1; 2 has a child at level 2, so it cannot go below 1, but above it is only the master.
        Cluster cluster = new();
        cluster.Complete(1);
        cluster.Reader(10);
        cluster.Complete(2);
        Assert.Equal(2, cluster.Reader(11).Parent());
        Assert.Equal((0, 1), (cluster.Reader(2).Parent(), cluster.Entry(2).Level));
    }

    [Fact]
    public void A_tree_is_empty_when_nobody_holds_a_route_advertises_or_is_a_parent()
    {
        Cluster cluster = new(stripes: 2);
        Assert.True(cluster.Tree.IsEmpty);
        Member worker = cluster.Worker(1);
        Member child = cluster.Reader(2);
        cluster.Kill(worker);
        Assert.False(cluster.Tree.IsEmpty);
        Assert.Equal(2, cluster.Tree.Snapshot().Select(e => e.Node).Distinct().Count());
        cluster.Tree.Leave(child);
        Assert.True(cluster.Tree.IsEmpty);
        Assert.Empty(cluster.Tree.Snapshot());
    }

    [Fact]
    public void What_a_tree_does_not_know_has_no_connections_and_withdraws_without_effect()
    {
        Cluster cluster = new();
        cluster.Tree.Withdraw(cluster[1]);
        Assert.Equal(0, cluster.Tree.Connections(cluster[1]));
        Assert.True(cluster.Tree.IsEmpty);
    }

    [Theory]
    [InlineData(0, 10, 1)]
    [InlineData(65, 10, 1)]
    [InlineData(4, 0, 1)]
    [InlineData(4, 10, 0)]
    [InlineData(4, 10, 257)]
    [InlineData(-1, -1, -1)]
    public void Limits_out_of_range_are_refused(int maxLevel, int maxConnections, int stripes) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Cluster(stripes, maxLevel, maxConnections));

    [Fact]
    public void A_snapshot_shows_each_node_in_each_stripe_by_level()
    {
        Cluster cluster = new();
        cluster.Worker(2);
        cluster.Reader(1);
        cluster.Complete(3);
        Assert.Equal(
            [
                new TreeEntry(cluster[2], Stripe: 0, Level: 1, Parent: null, HoldsRoute: true, Advertises: true, Connections: 1),
                new TreeEntry(cluster[3], Stripe: 0, Level: 1, Parent: null, HoldsRoute: false, Advertises: true, Connections: 0),
                new TreeEntry(cluster[1], Stripe: 0, Level: 2, Parent: cluster[2], HoldsRoute: true, Advertises: false, Connections: 0),
            ],
            cluster.Tree.Snapshot());
    }
}
