namespace Xget.Routing.Tests;

/// <summary>Several stripes, one rule at a time: who is inner where, who stands where, and who has to move.</summary>
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
    public void The_first_nodes_become_the_roots_of_one_stripe_each_and_relieve_the_master_of_the_others()
    {
        Cluster cluster = new(stripes: 4);
        Member[] members = [cluster.Worker(1), cluster.Worker(2), cluster.Worker(3), cluster.Worker(4)];
        foreach (Member member in members)
        {
            Assert.Equal([0, 1, 2, 3], member.Routes.Select(r => r.Parent?.Id - 1 ?? member.Node.Id - 1));
        }

        Assert.Equal([1, 2, 3], cluster.TakeChanged().Order());
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
    public void A_node_is_inner_nowhere_until_it_advertises()
    {
        // The reader takes no stripe from those who serve, and comes below both of them.
        Cluster cluster = new(stripes: 2);
        Member reader = cluster.Reader(1);
        Assert.Equal(2, reader.FromMaster());
        Assert.Equal(0, cluster.Worker(2).Parent(stripe: 0));
        Assert.Equal(0, cluster.Worker(3).Parent(stripe: 1));
        Assert.Equal((2, 3), (reader.Parent(0), reader.Parent(1)));
        Assert.Equal([1, 2], cluster.TakeChanged());
    }

    [Fact]
    public void A_node_that_advertises_after_it_has_joined_becomes_inner_and_root_then()
    {
        Cluster cluster = new(stripes: 2);
        Member first = cluster.Reader(1);
        cluster.Tree.Advertise(first.Node);
        Assert.Equal((1, 0), (cluster.Worker(2).Parent(0), cluster.Worker(2).Parent(1)));
        Assert.Equal((1, 2), (cluster.Worker(3).Parent(0), cluster.Worker(3).Parent(1)));
        Assert.Equal((0, 2), (first.Parent(0), first.Parent(1)));
    }

    [Fact]
    public void An_inner_node_takes_the_place_of_a_leaf_of_a_full_worker_and_the_leaf_becomes_its_child_and_is_told()
    {
        Cluster cluster = new(stripes: 2);
        cluster.Worker(1);
        cluster.Worker(2);
        Member leaf = cluster.Worker(3);
        Assert.Equal(new StripeRoute(1, 2, cluster[2]), leaf.Routes[1]);
        cluster.TakeChanged();

        // 2 has two children in stripe 1, which is all that its uplink carries.
        Member inner = cluster.Worker(4);
        Assert.Equal(new StripeRoute(1, 2, cluster[2]), inner.Routes[1]);
        Assert.Equal(new StripeRoute(1, 3, cluster[4]), leaf.Routes[1]);
        Assert.Equal([3], cluster.TakeChanged());
        Assert.Empty(cluster.TakeChanged());
    }

    [Fact]
    public void A_leaf_is_never_moved_below_a_newcomer_that_it_leaves_out()
    {
        Cluster cluster = new(stripes: 2);
        cluster.Worker(1);
        cluster.Worker(2);
        cluster.Tree.Advertise(cluster[3]);
        cluster.Tree.Advertise(cluster[4]);
        Member leaf = cluster.Tree.Join(cluster[3], cluster[4]);
        Assert.Equal(2, cluster.Tree.Join(cluster[4]).Parent(1));
        Assert.Equal(new StripeRoute(1, 2, cluster[2]), leaf.Routes[1]);
        Assert.DoesNotContain(3, cluster.TakeChanged());
    }

    [Fact]
    public void A_leaf_that_has_been_here_for_a_while_keeps_its_place()
    {
        Cluster cluster = new(stripes: 2);
        cluster.Worker(1);
        cluster.Worker(2);
        Member leaf = cluster.Worker(3);
        foreach (int id in new[] { 1, 3 })
        {
            cluster.Tree.Advance(cluster.Tree.Join(cluster[id]));
        }

        cluster.TakeChanged();
        cluster.Worker(4);
        Assert.Equal(new StripeRoute(1, 2, cluster[2]), leaf.Routes[1]);
        Assert.Empty(cluster.TakeChanged());
    }

    [Fact]
    public void A_stray_moves_below_a_newcomer_however_long_it_has_been_here()
    {
        Cluster cluster = new(stripes: 2);
        cluster.Tree.Advance(cluster.Worker(1));
        Member stray = cluster.Reader(2);
        Assert.Equal(new StripeRoute(1, 2, cluster[1]), stray.Routes[1]); // inner in the other stripe
        cluster.Tree.Advance(stray);
        cluster.Worker(3);
        Assert.Equal(new StripeRoute(1, 2, cluster[3]), stray.Routes[1]);
    }

    /// <summary>Nodes that come so far apart that all before them are advanced.</summary>
    [Theory]
    [InlineData(16, 2)]
    [InlineData(50, 4)]
    public void The_master_has_one_route_of_each_stripe_also_when_nodes_come_one_by_one(int nodes, int stripes)
    {
        Cluster cluster = new(stripes, maxLevel: 32);
        for (int id = 1; id <= nodes; id++)
        {
            cluster.Tree.Advance(cluster.Worker(id));
        }

        Assert.Equal(stripes, cluster.Tree.Snapshot().Count(e => e.HoldsRoute && e.Parent is null));
    }

    [Theory]
    [InlineData(100, 4)]
    [InlineData(1000, 4)]
    [InlineData(1000, 8)]
    public void Nodes_that_come_one_by_one_make_no_chain_down_to_the_last_level_where_workers_would_be_overloaded(int nodes, int stripes)
    {
        const int Levels = 32;
        Cluster cluster = new(stripes, maxLevel: Levels);
        int moved = 0;
        for (int id = 1; id <= nodes; id++)
        {
            cluster.Tree.Advance(cluster.Worker(id));
            moved += cluster.TakeChanged().Length;
        }

        IReadOnlyList<TreeEntry> entries = cluster.Tree.Snapshot();
        Assert.InRange(entries.Count(e => e.Level == Levels), 0, nodes / 50);
        Assert.InRange(entries.Max(e => e.Connections), stripes, stripes + 1);
        Assert.InRange(moved, 1, nodes * stripes);
    }

    [Fact]
    public void Whoever_asks_anew_among_them_stays_above_its_children()
    {
        const int Stripes = 4;
        Cluster cluster = new(Stripes, maxLevel: 32);
        List<Member> members = [];
        for (int id = 1; id <= 400; id++)
        {
            members.Add(cluster.Worker(id));
            cluster.Tree.Advance(members[^1]);
        }

        foreach (Member member in members)
        {
            for (int stripe = 0; stripe < Stripes; stripe++)
            {
                cluster.Tree.Reroute(member, stripe, member.Routes[stripe].Parent);
            }

            Dictionary<(RoutingNode, int), int> levels = cluster.Tree.Snapshot().ToDictionary(e => (e.Node, e.Stripe), e => e.Level);
            Assert.All(members.SelectMany(m => m.Routes).Where(r => r.Parent is not null),
                r => Assert.InRange(levels[(r.Parent!, r.Stripe)], 1, r.Level - 1));
        }
    }

    [Fact]
    public void That_is_forgotten_when_it_comes_anew()
    {
        Cluster cluster = new(stripes: 2);
        cluster.Worker(1);
        cluster.Worker(2);
        Member leaf = cluster.Worker(3);
        cluster.Tree.Advance(leaf);
        cluster.Tree.Leave(leaf);
        cluster.Tree.Advance(leaf);
        leaf = cluster.Worker(3);
        cluster.Worker(4);
        Assert.Equal(4, leaf.Parent(1));
    }

    [Fact]
    public void A_node_that_only_reads_takes_nobodys_place()
    {
        Cluster cluster = new(stripes: 4, maxLevel: 8);
        for (int id = 1; id <= 50; id++)
        {
            cluster.Worker(id);
        }

        cluster.TakeChanged();
        for (int id = 51; id <= 100; id++)
        {
            cluster.Reader(id);
            Assert.Empty(cluster.TakeChanged());
        }
    }

    [Fact]
    public void Those_who_read_from_the_master_come_to_a_new_inner_worker_as_far_as_it_has_room()
    {
        Cluster cluster = new(stripes: 2);
        Member[] readers = Enumerable.Range(10, 5).Select(cluster.Reader).ToArray();
        cluster.Worker(1);
        Assert.Equal([10, 11], cluster.TakeChanged());
        Assert.Equal([1, 1, 0, 0, 0], readers.Select(r => r.Parent(0)));
        cluster.Worker(2);
        Assert.Equal([2, 2, 0, 0, 0], readers.Select(r => r.Parent(1)));
    }

    [Fact]
    public void Who_was_moved_twice_is_told_once_and_who_has_left_is_not_told()
    {
        Cluster cluster = new(stripes: 3);
        Member gone = cluster.Worker(1);
        cluster.Worker(2);
        cluster.Worker(3);
        Member stays = cluster.Reader(4);
        cluster.Worker(5);
        cluster.Worker(6);
        cluster.Worker(7);
        cluster.Tree.Leave(gone);
        int[] told = cluster.TakeChanged();
        Assert.DoesNotContain(1, told);
        Assert.Single(told, stays.Node.Id);
        Assert.Equal(told.Distinct(), told);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void When_the_root_leaves_or_withdraws_the_next_inner_one_that_decides_is_the_root(bool leaves)
    {
        Cluster cluster = new(stripes: 2);
        Member root = cluster.Worker(1);
        cluster.Worker(2);
        Member next = cluster.Worker(3);
        Assert.Equal(1, next.Parent(0));
        cluster.Tree.Withdraw(root.Node);
        if (leaves)
        {
            cluster.Tree.Leave(root);
        }

        Assert.Equal(0, cluster.Tree.Reroute(next, 0, root.Node).Parent?.Id ?? 0);
        Assert.Equal(3, cluster.Worker(4).Parent(0));
        Assert.NotEqual(0, cluster.Worker(5).Parent(0));
    }

    [Fact]
    public void Nodes_that_come_when_others_have_everything_need_nothing_from_the_master()
    {
        Cluster cluster = new(stripes: 4, maxLevel: 8);
        int fromMaster = 0;
        for (int id = 1; id <= 100; id++)
        {
            Member member = cluster.Worker(id);
            fromMaster += member.FromMaster();
            cluster.Tree.Complete(member.Node);
            cluster.Tree.Leave(member);
        }

        Assert.Equal(4, fromMaster);
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

        // Those that come next take the places that are free again.
        Worker[] next = [new(new RoutingNode(2), options), new(new RoutingNode(3), options)];
        Assert.All(next, inner.Assign);
        Assert.Equal([0, 1], next.Select(w => w.InnerStripe));
    }

    [Fact]
    public void A_worker_that_withdraws_is_inner_nowhere_and_the_next_one_takes_its_stripe()
    {
        RoutingOptions options = new() { Stripes = 2 };
        InnerStripes inner = new(options);
        Worker[] workers = Enumerable.Range(1, 3).Select(id => new Worker(new RoutingNode(id), options)).ToArray();
        Assert.All(workers, w => Assert.Equal(InnerStripes.None, w.InnerStripe));
        inner.Assign(workers[0]);
        inner.Assign(workers[1]);
        inner.Forget(workers[0]);
        inner.Assign(workers[2]);
        Assert.Equal([InnerStripes.None, 1, 0], workers.Select(w => w.InnerStripe));
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
        cluster.Worker(1);
        Member second = cluster.Worker(2);
        cluster.Tree.Withdraw(second.Node);
        Member reader = cluster.Reader(3);
        Assert.Equal((1, 1), (reader.Parent(0), reader.Parent(1)));
    }

    [Fact]
    public void The_line_of_those_who_wait_for_a_better_route_does_not_grow_with_those_who_have_gone()
    {
        Cluster cluster = new(stripes: 4);
        cluster.Worker(1);
        for (int id = 2; id <= 10_000; id++)
        {
            cluster.Tree.Leave(cluster.Reader(id));
        }

        Assert.InRange(cluster.Tree.Strays, 0, 100);
    }
}
