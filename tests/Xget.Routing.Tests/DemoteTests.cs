namespace Xget.Routing.Tests;

/// <summary>A node that is too slow to serve others.</summary>
public sealed class DemoteTests
{
    private const int Slow = 6;

    /// <summary>Workers 1 to 20 with four stripes; nobody is left to be told.</summary>
    private static (Cluster Cluster, Member[] Members) Workers()
    {
        Cluster cluster = new(stripes: 4, maxLevel: 8);
        Member[] members = Enumerable.Range(1, 20).Select(cluster.Worker).ToArray();
        cluster.TakeChanged();
        return (cluster, members);
    }

    private static Member[] ChildrenOf(IEnumerable<Member> members, int id) =>
        members.Where(m => m.Routes.Any(r => r.Parent?.Id == id)).ToArray();

    [Fact]
    public void Its_children_get_other_parents_and_are_told()
    {
        (Cluster cluster, Member[] members) = Workers();
        Member[] children = ChildrenOf(members, Slow);
        Assert.NotEmpty(children);
        Assert.True(cluster.Tree.Demote(cluster[Slow]));
        Assert.Empty(ChildrenOf(members, Slow));
        Assert.Equal(0, cluster.Tree.Connections(cluster[Slow]));
        Assert.Superset(children.Select(c => c.Node.Id).ToHashSet(), cluster.TakeChanged().ToHashSet());
        Assert.All(children, c => Assert.Equal(0, c.Routes.Count(r => r.Parent is null && c.Node.Id > 4)));
    }

    [Fact]
    public void It_reads_on_from_where_it_did()
    {
        (Cluster cluster, Member[] members) = Workers();
        StripeRoute[] before = [.. members[Slow - 1].Routes];
        cluster.Tree.Demote(cluster[Slow]);
        Assert.Equal(before.Select(r => r.Parent), members[Slow - 1].Routes.Select(r => r.Parent));
        Assert.True(cluster.Entry(Slow).HoldsRoute);
        Assert.True(cluster.Entry(Slow).Advertises);
    }

    [Fact]
    public void Nobody_is_sent_to_it_until_it_advertises_anew()
    {
        (Cluster cluster, Member[] members) = Workers();
        cluster.Tree.Demote(cluster[Slow]);
        Member[] newcomers = Enumerable.Range(21, 60).Select(cluster.Worker).ToArray();
        foreach (Member member in members)
        {
            cluster.Tree.Reroute(member, 0, member.Routes[0].Parent);
        }

        Assert.Empty(ChildrenOf([.. members, .. newcomers], Slow));
        cluster.Tree.Complete(cluster[Slow]);
        Assert.Empty(ChildrenOf(Enumerable.Range(81, 10).Select(cluster.Worker), Slow));

        cluster.Tree.Advertise(cluster[Slow]);
        Assert.NotEmpty(ChildrenOf(Enumerable.Range(91, 40).Select(cluster.Worker), Slow));
    }

    [Fact]
    public void Where_it_was_inner_the_next_newcomer_takes_its_stripe()
    {
        Cluster cluster = new(stripes: 2);
        cluster.Worker(1);
        Member second = cluster.Worker(2);
        Assert.Equal(0, second.Parent(1));
        Assert.True(cluster.Tree.Demote(second.Node));
        Assert.Equal(0, cluster.Worker(3).Parent(1));
        Assert.Equal(3, cluster.Reader(4).Parent(1));
    }

    [Fact]
    public void With_no_other_worker_its_children_read_from_the_master()
    {
        Cluster cluster = new(stripes: 2);
        cluster.Worker(1);
        Member reader = cluster.Reader(2);
        Assert.True(cluster.Tree.Demote(cluster[1]));
        Assert.Equal(2, reader.FromMaster());
        Assert.Equal([2], cluster.TakeChanged());
    }

    [Fact]
    public void It_happens_once()
    {
        (Cluster cluster, _) = Workers();
        Assert.True(cluster.Tree.Demote(cluster[Slow]));
        cluster.TakeChanged();
        Assert.False(cluster.Tree.Demote(cluster[Slow]));
        Assert.Empty(cluster.TakeChanged());
        cluster.Tree.Advertise(cluster[Slow]);
        Assert.True(cluster.Tree.Demote(cluster[Slow]));
    }

    [Fact]
    public void Who_serves_nobody_or_is_not_known_is_not_demoted_nor_is_anybody_in_a_single_tree()
    {
        Cluster cluster = new(stripes: 2);
        cluster.Reader(1);
        Assert.False(cluster.Tree.Demote(cluster[1]));
        Assert.False(cluster.Tree.Demote(cluster[2]));
        Cluster single = new();
        single.Worker(1);
        Member child = single.Reader(2);
        Assert.False(single.Tree.Demote(single[1]));
        Assert.Equal(1, child.Parent());
    }

    [Fact]
    public void When_the_root_of_a_stripe_is_demoted_one_of_its_children_is_the_next()
    {
        (Cluster cluster, Member[] members) = Workers();
        Assert.Equal(0, members[0].Parent(0));
        cluster.Tree.Demote(cluster[1]);
        Member next = Assert.Single(members, m => m.Node.Id != 1 && m.Parent(0) == 0);
        Assert.Equal(1, next.Level(0));
        Assert.All(members.Where(m => m.Node.Id != 1), m => Assert.NotEqual(1, m.Parent(0)));
    }
}
