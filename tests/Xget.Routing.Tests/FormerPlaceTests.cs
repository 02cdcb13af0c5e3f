namespace Xget.Routing.Tests;

/// <summary>Contents that come one after the other: a node stands in the next one where it stood in the one before.</summary>
public sealed class FormerPlaceTests
{
    public static readonly TheoryData<int, int> Sizes = new() { { 2, 50 }, { 4, 16 }, { 4, 91 }, { 4, 1000 }, { 8, 300 } };

    private readonly Random _random = new(1);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Nodes_that_all_advertise_before_they_ask_have_the_same_trees_again_in_whatever_order_they_come(int stripes, int nodes)
    {
        RoutingNode[] all = Nodes(nodes);
        Dictionary<RoutingNode, Member> former = Content(stripes, all).Members;
        for (int content = 0; content < 10; content++)
        {
            Dictionary<RoutingNode, Member> now = Content(stripes, Shuffled(all), Shuffled(all)).Members;
            // Those that the last nodes to come were given for want of room may change once.
            int same = all.Sum(n => now[n].Routes.Zip(former[n].Routes).Count(r => r.First == r.Second));
            Assert.InRange(same, (content == 0 ? 0.9 : 0.95) * stripes * nodes, stripes * nodes);
            former = now;
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void However_many_contents_there_were_the_master_has_one_route_of_each_stripe_and_no_worker_too_many(int stripes, int nodes)
    {
        RoutingNode[] all = Nodes(nodes);
        Content(stripes, all);
        for (int content = 0; content < 20; content++)
        {
            (DistributionTree tree, Dictionary<RoutingNode, Member> members) = Content(stripes, Shuffled(all), Shuffled(all));
            Assert.Equal(stripes, members.Values.Sum(m => m.FromMaster()));
            Assert.Equal(stripes, all.Max(tree.Connections));
            Assert.InRange(Depth(members), 1, 5 + Math.Log((double)nodes / stripes, stripes));
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Where_half_of_them_come_and_then_all_again_the_trees_stay_good(int stripes, int nodes)
    {
        RoutingNode[] all = Nodes(nodes);
        Content(stripes, all);
        for (int content = 0; content < 20; content++)
        {
            RoutingNode[] some = Shuffled(content % 2 == 0 ? all[..(nodes / 2)] : all);
            (DistributionTree tree, Dictionary<RoutingNode, Member> members) = Content(stripes, Shuffled(some), some);
            Assert.InRange(members.Values.Sum(m => m.FromMaster()), stripes, stripes + stripes / 4);
            Assert.InRange(some.Max(tree.Connections), stripes, stripes + 1);
            Assert.InRange(Depth(members), 1, 5 + Math.Log((double)nodes / stripes, stripes));
        }
    }

    [Fact]
    public void The_former_parent_stands_in_its_place_before_it_asks_and_gets_that_route_when_it_does()
    {
        (RoutingNode[] all, Dictionary<RoutingNode, Member> former, DistributionTree tree, RoutingNode child) = Expected();
        RoutingNode parent = former[child].Routes[0].Parent!;
        Assert.Equal(former[child].Routes, tree.Join(child).Routes);
        Assert.Equal(former[parent].Routes[0], Entry(tree, parent, 0));
        Assert.False(tree.TryTakeChanged(out _));
        Assert.Equal(former[parent].Routes[0], tree.Join(parent).Routes[0]);
    }

    [Fact]
    public void One_that_serves_no_more_before_it_asked_gives_its_place_back()
    {
        (RoutingNode[] all, Dictionary<RoutingNode, Member> former, DistributionTree tree, RoutingNode child) = Expected();
        Member member = tree.Join(child);
        foreach (RoutingNode node in all)
        {
            tree.Withdraw(node);
        }

        Assert.All(all.Where(n => n != child), n => Assert.DoesNotContain(
            tree.Snapshot(), e => e.Node == n && e.HoldsRoute));
        tree.Leave(member);
        Assert.True(tree.IsEmpty);
    }

    [Fact]
    public void One_that_was_too_slow_or_is_gone_has_no_place_any_more()
    {
        RoutingNode[] all = Nodes(20);
        (DistributionTree first, var former) = Content(4, all);
        RoutingNode slow = all.First(n => former[n].Level(0) == 1 && former[n].Routes[0].Parent is null);
        Assert.True(first.Demote(slow));
        RoutingNode gone = all.First(n => former[n].Level(1) == 1 && former[n].Routes[1].Parent is null);
        gone.Forget();

        DistributionTree tree = Advertised(4, all);

        RoutingNode last = all.Last(n => n != slow && n != gone);
        tree.Join(last);
        Assert.All([slow, gone], n => Assert.DoesNotContain(tree.Snapshot(), e => e.Node == n && e.HoldsRoute));
    }

    [Fact]
    public void Who_remember_each_other_as_parents_get_no_cycle()
    {
        RoutingNode[] two = Nodes(2);
        Content(2, two, two);
        DistributionTree other = Tree(2);
        RoutingNode[] reversed = [.. two.Reverse()];
        foreach (RoutingNode node in reversed)
        {
            node.Forget();
            other.Advertise(node);
            other.Join(node);
        }

        Dictionary<RoutingNode, Member> third = Content(2, two, reversed).Members;
        Assert.Equal(2, third.Values.Sum(m => m.FromMaster()));
        Assert.Equal(2, Depth(third));
    }

    /// <summary>The second content of 20 nodes, which all advertise; one of them stood two levels below a root.</summary>
    private static (RoutingNode[] All, Dictionary<RoutingNode, Member> Former, DistributionTree Tree, RoutingNode Child) Expected()
    {
        RoutingNode[] all = Nodes(20);
        Dictionary<RoutingNode, Member> former = Content(4, all).Members;
        return (all, former, Advertised(4, all), all.First(n => former[n].Level(0) == 3));
    }

    private static StripeRoute Entry(DistributionTree tree, RoutingNode node, int stripe)
    {
        TreeEntry entry = tree.Snapshot().Single(e => e.Node == node && e.Stripe == stripe);
        return new StripeRoute(stripe, entry.Level, entry.Parent);
    }

    private static int Depth(Dictionary<RoutingNode, Member> members) => members.Values.Max(m => m.Routes.Max(r => r.Level));

    /// <summary>A content that these advertise, all before the first asks, and then ask for; without the former list each
    /// advertises when it asks.</summary>
    private static (DistributionTree Tree, Dictionary<RoutingNode, Member> Members) Content(
        int stripes, RoutingNode[] asking, RoutingNode[]? advertising = null)
    {
        DistributionTree tree = Advertised(stripes, advertising ?? []);

        return (tree, asking.ToDictionary(n => n, n =>
        {
            tree.Advertise(n);
            return tree.Join(n);
        }));
    }

    private static DistributionTree Advertised(int stripes, RoutingNode[] nodes)
    {
        DistributionTree tree = Tree(stripes);
        foreach (RoutingNode node in nodes)
        {
            tree.Advertise(node);
        }

        return tree;
    }

    private static DistributionTree Tree(int stripes) =>
        new(new RoutingOptions { Stripes = stripes, MaxLevel = 32, MaxConnections = Math.Max(10, 2 * stripes) });

    private static RoutingNode[] Nodes(int count) => [.. Enumerable.Range(1, count).Select(id => new RoutingNode(id))];

    private RoutingNode[] Shuffled(RoutingNode[] nodes)
    {
        RoutingNode[] shuffled = [.. nodes];
        _random.Shuffle(shuffled);
        return shuffled;
    }
}
