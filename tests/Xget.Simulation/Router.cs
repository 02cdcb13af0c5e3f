using System.Diagnostics;
using Xget.Routing;

namespace Xget.Simulation;

/// <summary>The tree as the master drives it, with a clock on each kind of call.</summary>
internal sealed class Router(RoutingOptions options)
{
    /// <summary>As long as the master takes a node for a newcomer, in seconds.</summary>
    private const double Newcomer = 0.5;

    private readonly DistributionTree _tree = new(options);
    private readonly Queue<(Member Member, double Came)> _newcomers = new();

    /// <summary>A node advertises and asks for its routes.</summary>
    public Stopwatch Joins { get; } = new();

    public Stopwatch Reroutes { get; } = new();

    /// <summary>A node is complete, leaves, or is lost.</summary>
    public Stopwatch Ends { get; } = new();

    public long JoinCount { get; private set; }

    public long RerouteCount { get; private set; }

    /// <summary>Members whose routes others changed.</summary>
    public Queue<Member> Changed { get; } = [];

    public int Connections(RoutingNode node) => _tree.Connections(node);

    /// <summary>Every node in every stripe as it is now.</summary>
    public IReadOnlyList<TreeEntry> Snapshot() => _tree.Snapshot();

    public Member Join(RoutingNode node, double now)
    {
        Joins.Start();
        while (_newcomers.TryPeek(out (Member Member, double Came) first) && now - first.Came > Newcomer)
        {
            _tree.Advance(_newcomers.Dequeue().Member);
        }

        _tree.Advertise(node);
        Member member = _tree.Join(node);
        _newcomers.Enqueue((member, now));
        TakeChanged();
        Joins.Stop();
        JoinCount++;
        return member;
    }

    public void Reroute(Member member, int stripe, RoutingNode? failed)
    {
        Reroutes.Start();
        _tree.Reroute(member, stripe, failed);
        TakeChanged();
        Reroutes.Stop();
        RerouteCount++;
    }

    public void Complete(Member member)
    {
        Ends.Start();
        _tree.Complete(member.Node);
        _tree.Leave(member);
        TakeChanged();
        Ends.Stop();
    }

    /// <summary>The node is too slow to serve others.</summary>
    public void Demote(Member member)
    {
        Reroutes.Start();
        _tree.Demote(member.Node);
        TakeChanged();
        Reroutes.Stop();
        RerouteCount++;
    }

    /// <summary>The node's connection is gone.</summary>
    public void Lose(Member member)
    {
        Ends.Start();
        _tree.Withdraw(member.Node);
        _tree.Leave(member);
        TakeChanged();
        Ends.Stop();
    }

    private void TakeChanged()
    {
        while (_tree.TryTakeChanged(out Member? member))
        {
            Changed.Enqueue(member);
        }
    }
}
