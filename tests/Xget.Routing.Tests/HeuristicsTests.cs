namespace Xget.Routing.Tests;

/// <summary>The paper's three heuristics and the round robin behind them, one by one, with one stripe.</summary>
public sealed class HeuristicsTests
{
    [Fact]
    public void The_first_node_reads_from_the_master_at_level_1()
    {
        Cluster cluster = new();
        Assert.Equal(new StripeRoute(Stripe: 0, Level: 1, Parent: null), Assert.Single(cluster.Worker(1).Routes));
    }

    [Fact]
    public void A_worker_is_preferred_to_the_master()
    {
        Cluster cluster = new();
        cluster.Worker(1);
        Assert.Equal(new StripeRoute(0, 2, cluster[1]), cluster.Worker(2).Routes[0]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(6)]
    public void First_heuristic_no_level_is_deeper_than_the_limit(int maxLevel)
    {
        // With one child per worker the tree is a chain, until a worker would give its child a level too deep.
        Cluster cluster = new(maxLevel: maxLevel, maxConnections: 1);
        for (int id = 1; id <= 3 * maxLevel; id++)
        {
            Member member = cluster.Worker(id);
            Assert.Equal((id - 1) % maxLevel + 1, member.Level());
            Assert.Equal(member.Level() == 1 ? 0 : id - 1, member.Parent());
        }
    }

    [Fact]
    public void First_heuristic_no_worker_has_more_children_than_the_limit()
    {
        Cluster cluster = new(maxConnections: 10);
        cluster.Worker(1);
        for (int id = 2; id <= 11; id++)
        {
            Assert.Equal(1, cluster.Reader(id).Parent());
        }

        Assert.Equal(10, cluster.Tree.Connections(cluster[1]));
        Assert.Equal(0, cluster.Reader(12).Parent());
    }

    [Fact]
    public void A_worker_that_was_full_is_eligible_again_when_a_child_leaves()
    {
        Cluster cluster = new(maxConnections: 1);
        cluster.Worker(1);
        Member child = cluster.Reader(2);
        cluster.Tree.Leave(child);
        Assert.Equal(1, cluster.Reader(3).Parent());
    }

    [Fact]
    public void Second_heuristic_the_least_connected_worker_wins()
    {
        Cluster cluster = new();
        cluster.Complete(1);
        cluster.Reader(10);
        cluster.Reader(11);
        cluster.Complete(2);
        cluster.Reader(12);
        cluster.Complete(3);

        // Connections 2, 1, 0; once two are equal the one chosen longest ago is taken.
        Assert.Equal([3, 2, 3, 1], new[] { 20, 21, 22, 23 }.Select(id => cluster.Reader(id).Parent()));
    }

    [Fact]
    public void Third_heuristic_equal_workers_are_told_apart_by_the_level_the_node_was_given_least_often()
    {
        Assert.Equal(1, ChainOfTwo().Reader(4).Parent());

        // It was given level 1 in another content, so here it is given level 2, although that one was chosen last.
        Cluster cluster = ChainOfTwo();
        Cluster other = new();
        other.Complete(9);
        other.Tree.Join(cluster[4]);
        Assert.Equal(1, cluster[4].TimesGiven(1));
        Assert.Equal(2, cluster.Reader(4).Parent());

        // Level 1 and level 2, one child each; worker 1 was chosen longest ago.
        static Cluster ChainOfTwo()
        {
            Cluster cluster = new();
            cluster.Worker(1);
            cluster.Worker(2);
            cluster.Reader(3);
            Assert.Equal((1, 1), (cluster.Tree.Connections(cluster[1]), cluster.Tree.Connections(cluster[2])));
            return cluster;
        }
    }

    [Fact]
    public void Third_heuristic_counts_for_less_than_connections()
    {
        // Worker 1 of level 1 has a child, worker 2 of level 2 has none; the node knows level 2 all too well.
        Cluster cluster = new();
        Cluster other = new(maxConnections: 1);
        foreach (Cluster content in new[] { cluster, other })
        {
            content.Worker(1);
            content.Worker(2);
        }

        for (int i = 0; i < 100; i++)
        {
            other.Tree.Leave(other.Tree.Join(cluster[4]));
        }

        Assert.Equal((0, 100), (cluster[4].TimesGiven(1), cluster[4].TimesGiven(2)));
        Assert.Equal(2, cluster.Reader(4).Parent());
    }

    [Fact]
    public void A_node_that_reads_many_contents_is_spread_over_the_levels()
    {
        RoutingNode node = new(100);
        for (int content = 0; content < 30; content++)
        {
            // A chain of three with nothing else to tell them apart: one child each.
            Cluster cluster = new();
            cluster.Worker(1);
            cluster.Worker(2);
            cluster.Worker(3);
            cluster.Reader(4);
            cluster.Tree.Join(node);
        }

        Assert.Equal([0, 10, 10, 10], Enumerable.Range(0, 4).Select(node.TimesGiven));
    }

    [Fact]
    public void Last_equal_workers_take_turns()
    {
        Cluster cluster = new();
        for (int id = 1; id <= 3; id++)
        {
            cluster.Complete(id);
        }

        Assert.Equal([1, 2, 3, 1, 2, 3], Enumerable.Range(10, 6).Select(id => cluster.Reader(id).Parent()));
    }

    [Fact]
    public void Last_the_turn_goes_by_when_a_worker_was_chosen_and_not_by_when_it_lost_a_child()
    {
        Cluster cluster = new();
        cluster.Complete(1);
        cluster.Complete(2);
        Member first = cluster.Reader(10);
        Member second = cluster.Reader(11);
        Assert.Equal((1, 2), (first.Parent(), second.Parent()));
        cluster.Tree.Leave(second);
        cluster.Tree.Leave(first);
        Member third = cluster.Reader(12);
        Assert.Equal(1, third.Parent());
        cluster.Tree.Leave(third);
        Assert.Equal(2, cluster.Reader(13).Parent());
    }

    [Fact]
    public void The_levels_of_nodes_that_come_at_once_are_decided_before_any_of_them_has_data()
    {
        // Twelve nodes, each advertising and joining in one burst: one copy leaves the master.
        Cluster cluster = new();
        Member[] members = Enumerable.Range(1, 12).Select(cluster.Worker).ToArray();
        Assert.Equal(1, members.Count(m => m.Parent() == 0));
        Assert.All(members, m => Assert.InRange(m.Level(), 1, 4));
    }

    [Fact]
    public void No_worker_is_given_a_child_while_an_eligible_one_has_fewer()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            Random random = new(seed);
            int maxLevel = random.Next(1, 7);
            int maxConnections = random.Next(1, 13);
            Cluster cluster = new(1, maxLevel, maxConnections);
            for (int id = 1; id <= 60; id++)
            {
                TreeEntry[] eligible = cluster.Tree.Snapshot()
                    .Where(e => e.Advertises && e.Level < maxLevel && e.Connections < maxConnections).ToArray();
                Member member = random.Next(3) == 0 ? cluster.Reader(id) : cluster.Worker(id);
                Assert.Equal(
                    eligible.Select(e => e.Connections).DefaultIfEmpty(-1).Min(),
                    member.Parent() == 0 ? -1 : cluster.Tree.Connections(cluster[member.Parent()]) - 1);
            }
        }
    }

    [Fact]
    public void The_connections_of_workers_that_serve_all_along_differ_by_one_at_most()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            Random random = new(seed);
            Cluster cluster = new(maxLevel: random.Next(2, 7), maxConnections: random.Next(1, 13));
            int workers = random.Next(1, 20);
            for (int id = 1; id <= workers; id++)
            {
                cluster.Complete(id);
            }

            for (int reader = 0; reader < 15 * workers; reader++)
            {
                cluster.Reader(1000 + reader);
                int[] connections = Enumerable.Range(1, workers).Select(i => cluster.Tree.Connections(cluster[i])).ToArray();
                Assert.InRange(connections.Max() - connections.Min(), 0, 1);
            }
        }
    }
}
