namespace Xget.Routing.Tests;

/// <summary>What happens when a parent is broken or stalled.</summary>
public sealed class RerouteTests
{
    [Fact]
    public void A_failed_parent_is_replaced_by_another_worker()
    {
        Cluster cluster = new();
        cluster.Complete(1);
        cluster.Complete(2);
        Member member = cluster.Reader(10);
        Assert.Equal(1, member.Parent());
        Assert.Equal(new StripeRoute(0, 2, cluster[2]), cluster.Tree.Reroute(member, 0, cluster[1]));
        Assert.Equal(2, member.Parent());
        Assert.Equal((0, 1), (cluster.Tree.Connections(cluster[1]), cluster.Tree.Connections(cluster[2])));
    }

    [Fact]
    public void A_failed_parent_is_left_out_for_that_member_only()
    {
        Cluster cluster = new();
        cluster.Complete(1);
        Member member = cluster.Reader(10);
        Assert.Equal(new StripeRoute(0, 1, null), cluster.Tree.Reroute(member, 0, cluster[1]));
        Assert.Equal(0, cluster.Tree.Reroute(member, 0, null).Parent?.Id ?? 0);
        Assert.Equal(1, cluster.Reader(11).Parent());
    }

    [Fact]
    public void A_parent_left_out_is_given_again_once_it_has_withdrawn_and_advertised_anew()
    {
        Cluster cluster = new();
        cluster.Complete(1);
        Member member = cluster.Reader(10);
        cluster.Tree.Reroute(member, 0, cluster[1]);
        cluster.Complete(1);
        Assert.Null(cluster.Tree.Reroute(member, 0, null).Parent);
        cluster.Tree.Withdraw(cluster[1]);
        cluster.Complete(1);
        Assert.Equal(cluster[1], cluster.Tree.Reroute(member, 0, null).Parent);
    }

    [Fact]
    public void A_worker_reported_by_two_of_its_children_is_given_to_nobody_until_it_advertises_again()
    {
        Cluster cluster = new();
        cluster.Complete(1);
        Member first = cluster.Reader(10);
        Member second = cluster.Reader(11);
        cluster.Tree.Reroute(first, 0, cluster[1]);
        cluster.Tree.Reroute(first, 0, cluster[1]);
        Assert.Equal(1, cluster.Reader(12).Parent());
        cluster.Tree.Reroute(second, 0, cluster[1]);
        Assert.Equal(0, cluster.Reader(13).Parent());
        cluster.Tree.Complete(cluster[1]);
        Assert.Equal(0, cluster.Reader(15).Parent());
        cluster.Complete(1);
        Assert.Equal(1, cluster.Reader(14).Parent());
        Assert.Equal(cluster[1], cluster.Tree.Reroute(first, 0, null).Parent);
    }

    [Fact]
    public void The_report_of_a_node_that_does_not_read_from_the_worker_counts_for_itself_only()
    {
        Cluster cluster = new();
        cluster.Complete(1);
        cluster.Reader(9);
        cluster.Complete(2);
        Member[] strangers = [cluster.Reader(10), cluster.Reader(11)];
        Assert.Equal([2, 1], strangers.Select(s => s.Parent()));
        Assert.Equal(2, cluster.Tree.Reroute(strangers[0], 0, cluster[1]).Parent!.Id);
        Assert.Equal(1, cluster.Tree.Reroute(strangers[1], 0, cluster[2]).Parent!.Id);
        Assert.Equal(2, cluster.Reader(12).Parent());

        // Yet they are never given them again.
        Assert.Equal(0, cluster.Tree.Reroute(strangers[0], 0, cluster[2]).Parent?.Id ?? 0);
    }

    [Fact]
    public void A_node_can_say_whom_to_leave_out_when_it_joins()
    {
        Cluster cluster = new();
        cluster.Complete(1);
        cluster.Complete(2);
        cluster.Complete(3);
        Assert.Equal(3, cluster.Tree.Join(cluster[10], cluster[1], cluster[2]).Parent());
        Assert.Equal(0, cluster.Tree.Join(cluster[11], cluster[1], cluster[2], cluster[3], cluster[99]).Parent());
    }

    [Fact]
    public void A_member_that_joins_once_more_and_leaves_its_parent_out_is_given_another()
    {
        Cluster cluster = new(stripes: 2);
        cluster.Complete(1);
        cluster.Complete(2);
        cluster.Complete(3);
        cluster.Complete(4);
        Member member = cluster.Reader(10);
        int[] before = [member.Parent(0), member.Parent(1)];
        Assert.Same(member, cluster.Tree.Join(cluster[10], cluster[before[1]]));
        Assert.Equal(before[0], member.Parent(0));
        Assert.DoesNotContain(member.Parent(1), before);
    }

    [Fact]
    public void The_children_of_a_dead_inner_worker_get_one_of_their_own_as_parent_and_the_master_feeds_only_that_one()
    {
        // 1 is the only worker of level 1; 2..6 below it have children of their own, as far as there is room.
        Cluster cluster = new(maxLevel: 3, maxConnections: 5);
        Member root = cluster.Worker(1);
        Member[] members = Enumerable.Range(2, 25).Select(cluster.Worker).ToArray();
        Member[] orphans = members.Where(m => m.Parent() == 1).ToArray();
        Assert.Equal(5, orphans.Length);
        int before = members.Count(m => m.Parent() == 0);
        cluster.Tree.Leave(members[^1]);
        cluster.Kill(root);
        foreach (Member orphan in orphans)
        {
            cluster.Tree.Reroute(orphan, 0, cluster[1]);
            Assert.InRange(orphan.Level(), 1, 2);
        }

        Assert.Equal(before, members.Count(m => m.Parent() == 0 && !orphans.Contains(m)));
        Assert.True(orphans.Count(o => o.Parent() == 0) < orphans.Length);
    }

    [Fact]
    public void A_worker_with_children_moves_only_upwards_or_sideways_and_one_without_moves_anywhere()
    {
        // 1 (level 1) - 2 (level 2) - 3 (level 3, one child) and 5 (level 4) below 3.
        Cluster cluster = new(maxLevel: 5, maxConnections: 1);
        Member[] chain = [cluster.Worker(1), cluster.Worker(2), cluster.Worker(3), cluster.Reader(4)];
        Assert.Equal([1, 2, 3, 4], chain.Select(m => m.Level()));
        Member lone = cluster.Reader(5);
        Assert.Equal(1, lone.Level());
        cluster.Tree.Leave(chain[3]);

        // The only free worker is 3. For 2 it lies below: the master. For the lone one it is fine.
        Assert.Equal(new StripeRoute(0, 1, null), cluster.Tree.Reroute(chain[1], 0, cluster[1]));
        cluster.Tree.Leave(chain[0]);
        cluster.Tree.Withdraw(cluster[1]);
        Assert.Equal(3, cluster.Tree.Reroute(lone, 0, null).Parent!.Id);
    }

    [Fact]
    public void A_member_that_everybody_failed_gets_the_master()
    {
        Cluster cluster = new();
        for (int id = 1; id <= 20; id++)
        {
            cluster.Complete(id);
        }

        Member member = cluster.Reader(100);
        HashSet<int> failed = [];
        while (member.Routes[0].Parent is { } parent)
        {
            Assert.True(failed.Add(parent.Id));
            cluster.Tree.Reroute(member, 0, parent);
        }

        Assert.Equal(20, failed.Count);
    }

    [Fact]
    public void A_member_that_leaves_out_more_than_32_workers_is_given_the_master_from_then_on()
    {
        Cluster cluster = new();
        for (int id = 1; id <= 40; id++)
        {
            cluster.Complete(id);
        }

        Member member = cluster.Reader(100);
        int reroutes = 0;
        for (; member.Routes[0].Parent is { } parent; reroutes++)
        {
            cluster.Tree.Reroute(member, 0, parent);
        }

        Assert.Equal(33, reroutes);
        Assert.Null(cluster.Tree.Reroute(member, 0, null).Parent);
    }

    [Fact]
    public void Workers_that_are_gone_do_not_count_as_left_out()
    {
        Cluster cluster = new();
        cluster.Complete(1);
        Member member = cluster.Reader(1000);
        for (int id = 2; id <= 200; id++)
        {
            RoutingNode failed = member.Routes[0].Parent!;
            cluster.Complete(id);
            cluster.Tree.Reroute(member, 0, failed);
            cluster.Tree.Withdraw(failed);
            Assert.Equal(id, member.Parent());
        }
    }

    [Fact]
    public void A_stripe_that_does_not_exist_is_refused()
    {
        Cluster cluster = new(stripes: 2);
        Member member = cluster.Reader(1);
        Assert.Throws<ArgumentOutOfRangeException>(() => cluster.Tree.Reroute(member, 2, null));
        Assert.Throws<ArgumentOutOfRangeException>(() => cluster.Tree.Reroute(member, -1, null));
    }
}
