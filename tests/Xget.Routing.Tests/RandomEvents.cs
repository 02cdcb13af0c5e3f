namespace Xget.Routing.Tests;

/// <summary>
/// A random sequence of everything that can happen to a tree, and a record, kept apart from the tree, of what the nodes
/// hold, advertise and leave out. Equal seeds give equal sequences.
/// </summary>
internal sealed class RandomEvents
{
    private readonly Random _random;
    private readonly List<Member> _members = [];
    private readonly List<Member> _told = [];
    private readonly Dictionary<RoutingNode, int> _holds = [];
    private readonly Dictionary<RoutingNode, int> _advertisement = [];
    private readonly Dictionary<RoutingNode, HashSet<RoutingNode>> _reporters = [];
    private readonly HashSet<RoutingNode> _demoted = [];
    private readonly HashSet<(Member, RoutingNode, int)> _leftOut = [];

    public RandomEvents(int seed, int? stripes = null)
    {
        _random = new Random(seed);
        Options = new RoutingOptions
        {
            Stripes = stripes ?? _random.Next(1, 9), MaxLevel = _random.Next(1, 7), MaxConnections = _random.Next(1, 13),
        };
        Tree = new DistributionTree(Options);
        Nodes = Enumerable.Range(1, _random.Next(2, 25)).Select(id => new RoutingNode(id)).ToArray();
        for (int contents = Options.Stripes > 1 ? _random.Next(3) : 0; contents > 0; contents--)
        {
            PlayFormerContent();
        }
    }

    public RoutingOptions Options { get; }

    public DistributionTree Tree { get; }

    public RoutingNode[] Nodes { get; }

    /// <summary>Those that hold routes.</summary>
    public IReadOnlyList<Member> Members => _members;

    public HashSet<RoutingNode> Advertising { get; } = [];

    /// <summary>Those that were told, after the last event, that others changed their routes.</summary>
    public IReadOnlyList<Member> Told => _told;

    /// <summary>How often the node has joined without leaving.</summary>
    public int Holds(RoutingNode node) => _holds.GetValueOrDefault(node);

    /// <summary>Applies one event and returns it.</summary>
    public Event Step()
    {
        RoutingNode node = Nodes[_random.Next(Nodes.Length)];
        Member? member = _members.Find(m => m.Node == node);
        int stripe = _random.Next(Options.Stripes);
        RoutingNode? failed = _random.Next(4) switch
        {
            0 => null,
            1 => Nodes[_random.Next(Nodes.Length)],
            _ => member?.Routes[stripe].Parent,
        };
        Event step = _random.Next(22) switch
        {
            < 4 => new Event(What.Advertise, node),
            4 => new Event(What.Complete, node),
            5 => new Event(What.Withdraw, node),
            < 12 => new Event(What.Join, node),
            12 => new Event(What.JoinLeavingOut, node, 0, failed),
            < 15 => new Event(What.Leave, node),
            < 19 => new Event(What.Reroute, node, stripe, failed),
            19 => new Event(What.Advance, node),
            20 => new Event(What.Demote, node),
            _ => new Event(What.Die, node),
        };
        Apply(step, member);
        _told.Clear();
        while (Tree.TryTakeChanged(out Member? told))
        {
            _told.Add(told);
        }

        return step;
    }

    /// <summary>Whether this member may not be given that worker any more.</summary>
    public bool LeavesOut(Member member, RoutingNode worker) =>
        worker == member.Node || _leftOut.Contains((member, worker, _advertisement.GetValueOrDefault(worker)));

    /// <summary>Whether two nodes have reported it, or it was found too slow, since it advertised.</summary>
    public bool IsReported(RoutingNode worker) =>
        _demoted.Contains(worker) || (_reporters.TryGetValue(worker, out var by) && by.Count > 1);

    public void Leave(Member member)
    {
        Tree.Leave(member);
        if (--_holds[member.Node] == 0)
        {
            _members.Remove(member);
        }
    }

    /// <summary>Some of the nodes were in another content before, of which they remember their places.</summary>
    private void PlayFormerContent()
    {
        DistributionTree former = new(Options with { MaxLevel = _random.Next(1, 7) });
        foreach (RoutingNode node in Nodes.Where(_ => _random.Next(4) > 0))
        {
            if (_random.Next(8) > 0)
            {
                former.Advertise(node);
            }

            if (_random.Next(8) > 0)
            {
                former.Join(node);
            }
        }
    }

    private void Apply(Event step, Member? member)
    {
        switch (step.What)
        {
            case What.Advertise:
                if (Advertising.Add(step.Node) || IsReported(step.Node))
                {
                    _advertisement[step.Node] = _advertisement.GetValueOrDefault(step.Node) + 1;
                    _reporters.Remove(step.Node);
                    _demoted.Remove(step.Node);
                }

                Tree.Advertise(step.Node);
                break;
            case What.Complete:
                Tree.Complete(step.Node);
                break;
            case What.Withdraw:
                Withdraw(step.Node);
                break;
            case What.Join or What.JoinLeavingOut:
                Join(step, member);
                break;
            case What.Leave when member is not null:
                Leave(member);
                break;
            case What.Reroute when member is not null:
                Report(member, step.Failed);
                Tree.Reroute(member, step.Stripe, step.Failed);
                break;
            case What.Advance when member is not null:
                Tree.Advance(member);
                break;
            case What.Demote:
                bool serves = Options.Stripes > 1 && Advertising.Contains(step.Node) && !IsReported(step.Node);
                Assert.Equal(serves, Tree.Demote(step.Node));
                if (serves)
                {
                    _demoted.Add(step.Node);
                }

                break;
            case What.Die:
                Withdraw(step.Node);
                while (member is not null && _members.Contains(member))
                {
                    Leave(member);
                }

                break;
        }
    }

    private void Join(Event step, Member? member)
    {
        RoutingNode[] leaveOut = step.Failed is { } failed ? [failed] : [];
        if (member is not null)
        {
            Report(member, step.Failed);
            Assert.Same(member, Tree.Join(step.Node, leaveOut));
        }
        else
        {
            member = Tree.Join(step.Node, leaveOut);
            Report(member, step.Failed, readsFromIt: false);
            _members.Add(member);
        }

        _holds[step.Node] = _holds.GetValueOrDefault(step.Node) + 1;
    }

    private void Withdraw(RoutingNode node)
    {
        Tree.Withdraw(node);
        Advertising.Remove(node);
    }

    private void Report(Member member, RoutingNode? failed, bool? readsFromIt = null)
    {
        if (failed is null || failed == member.Node || !Advertising.Contains(failed))
        {
            return;
        }

        _leftOut.Add((member, failed, _advertisement[failed]));
        if (readsFromIt ?? member.Routes.Any(r => r.Parent == failed))
        {
            _reporters.TryAdd(failed, []);
            _reporters[failed].Add(member.Node);
        }
    }
}

internal enum What
{
    Advertise,
    Complete,
    Withdraw,
    Join,
    JoinLeavingOut,
    Leave,
    Reroute,
    Advance,
    Demote,
    Die,
}

internal readonly record struct Event(What What, RoutingNode Node, int Stripe = 0, RoutingNode? Failed = null);
