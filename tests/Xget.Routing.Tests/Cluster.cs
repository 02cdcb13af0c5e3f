namespace Xget.Routing.Tests;

/// <summary>A tree and its nodes, numbered from 1: the vocabulary of the tests.</summary>
internal sealed class Cluster(int stripes = 1, int maxLevel = 4, int maxConnections = 10)
{
    private readonly Dictionary<int, RoutingNode> _nodes = [];

    public DistributionTree Tree { get; } = new(
        new RoutingOptions { Stripes = stripes, MaxLevel = maxLevel, MaxConnections = maxConnections });

    /// <summary>The node of that number.</summary>
    public RoutingNode this[int id] =>
        _nodes.TryGetValue(id, out RoutingNode? node) ? node : _nodes[id] = new RoutingNode(id);

    /// <summary>A node that only reads.</summary>
    public Member Reader(int id) => Tree.Join(this[id]);

    /// <summary>A node that reads and serves, as every node of a copy does.</summary>
    public Member Worker(int id)
    {
        Tree.Advertise(this[id]);
        return Tree.Join(this[id]);
    }

    /// <summary>A node that serves and has everything.</summary>
    public RoutingNode Complete(int id)
    {
        Tree.Advertise(this[id]);
        Tree.Complete(this[id]);
        return this[id];
    }

    /// <summary>What its loss does: both fids go.</summary>
    public void Kill(Member member)
    {
        Tree.Withdraw(member.Node);
        Tree.Leave(member);
    }

    /// <summary>The numbers of those that are told that others changed their routes, in that order.</summary>
    public int[] TakeChanged()
    {
        List<int> told = [];
        while (Tree.TryTakeChanged(out Member? member))
        {
            told.Add(member.Node.Id);
        }

        return [.. told];
    }

    public TreeEntry Entry(int id, int stripe = 0) =>
        Tree.Snapshot().Single(e => e.Node == this[id] && e.Stripe == stripe);
}

internal static class MemberWords
{
    /// <summary>The number of the parent; 0 is the master.</summary>
    public static int Parent(this Member member, int stripe = 0) => member.Routes[stripe].Parent?.Id ?? 0;

    /// <summary>How many of its stripes it reads from the master.</summary>
    public static int FromMaster(this Member member) => member.Routes.Count(r => r.Parent is null);

    public static int Level(this Member member, int stripe = 0) => member.Routes[stripe].Level;
}
