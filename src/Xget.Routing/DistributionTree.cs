namespace Xget.Routing;

/// <summary>
/// The trees, one per stripe, down which one content is distributed, and who holds which route: the paper's three
/// heuristics as events and decisions, without clock, randomness or I/O, so that equal events give equal trees
/// (ROUTING.md). Every event takes O(log n) for n nodes, times the stripes it concerns. Not thread-safe: one owner applies
/// the events of all trees one at a time.
/// </summary>
public sealed class DistributionTree
{
    private readonly RoutingOptions _options;
    private readonly Dictionary<RoutingNode, Worker> _workers = [];
    private readonly EligibleWorkers _eligible;
    private readonly InnerStripes _innerStripes;
    private readonly ParentChoice _choice;
    private long _decisions;

    /// <summary>A tree without nodes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A limit is out of its range.</exception>
    public DistributionTree(RoutingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        _options = options;
        _eligible = new EligibleWorkers(options);
        _innerStripes = new InnerStripes(options);
        _choice = new ParentChoice(options, _eligible, _innerStripes);
    }

    /// <summary>The limits it was made with.</summary>
    public RoutingOptions Options => _options;

    /// <summary>Whether no node holds a route, advertises or has children: its owner may drop the tree.</summary>
    public bool IsEmpty => _workers.Count == 0;

    /// <summary>Comparisons made so far: the measure of work in tests.</summary>
    internal long Steps => _eligible.Steps;

    /// <summary>
    /// The node asks for routes (redir is read): decides a parent for each stripe and holds the routes until
    /// <see cref="Leave"/>. A node that holds routes already gets the same member once more, and must leave as often as it
    /// joined.
    /// </summary>
    /// <param name="node">The node.</param>
    /// <param name="leaveOut">Workers that failed this node before: they are not given to it while their present
    /// advertisement lasts, and those it reads from now are replaced as by <see cref="Reroute"/>.</param>
    public Member Join(RoutingNode node, params ReadOnlySpan<RoutingNode> leaveOut)
    {
        ArgumentNullException.ThrowIfNull(node);
        Worker self = Enter(node);
        bool isNew = self.Member is null;
        Member member = self.Member ??= new Member(self, _options.Stripes);
        foreach (RoutingNode failed in leaveOut)
        {
            Report(member, failed);
        }

        if (isNew)
        {
            // Whoever asks for routes is not complete. Where it is to be inner it takes its pick first.
            self.IsComplete = false;
            Decide(member, self.InnerStripe);
        }
        else
        {
            member.Holds++;
        }

        for (int stripe = 0; stripe < _options.Stripes; stripe++)
        {
            if (isNew ? stripe != self.InnerStripe : member.Parents[stripe] is { } parent && member.LeavesOut(parent))
            {
                Decide(member, stripe);
            }
        }

        Settle(self);
        return member;
    }

    /// <summary>
    /// The node gives its routes back (redir is clunked or its connection lost), and its parents have a connection less. If
    /// it still advertises it goes on as a worker at its last levels, or at level 1 if it is complete. A member that has
    /// left already is ignored.
    /// </summary>
    public void Leave(Member member)
    {
        ArgumentNullException.ThrowIfNull(member);
        if (member.Holds == 0 || --member.Holds > 0)
        {
            return;
        }

        for (int stripe = 0; stripe < _options.Stripes; stripe++)
        {
            GiveBack(member, stripe);
        }

        member.Self.Member = null;
        StandAlone(member.Self);
        Update(member.Self);
    }

    /// <summary>
    /// The node serves this content from now on (avail is written), even before it has any data. It is eligible as soon as
    /// its routes are decided; best advertise first and join then, so that it is a worker at once. If it had withdrawn, or
    /// was reported by two nodes, all that was held against it is forgotten.
    /// </summary>
    public void Advertise(RoutingNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        Worker self = Enter(node);
        self.Advertise();
        Update(self);
    }

    /// <summary>
    /// The node, which advertises, has the whole content (a warm cache, or its copy is done): while it holds no routes it
    /// is a worker of level 1 in all stripes, for it needs nobody. Forgotten when it withdraws or asks for routes. A node
    /// that does not advertise is ignored, and what was reported stays.
    /// </summary>
    public void Complete(RoutingNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        if (_workers.TryGetValue(node, out Worker? self) && self.IsAdvertised)
        {
            self.IsComplete = true;
            StandAlone(self);
            Update(self);
        }
    }

    /// <summary>The node serves no more (avail is clunked or its connection lost): nobody is sent to it. Its children keep
    /// their routes until they ask anew or leave. A node that does not advertise is ignored.</summary>
    public void Withdraw(RoutingNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        if (_workers.TryGetValue(node, out Worker? self) && self.IsAdvertised)
        {
            self.Withdraw();
            StandAlone(self);
            Update(self);
        }
    }

    /// <summary>
    /// The member asks anew for one stripe. The failed parent is left out for this member, in all stripes, while its
    /// present advertisement lasts; once two nodes have reported it while they read from it, nobody is sent to it until it
    /// advertises again. If no worker is eligible any more the route is the master's.
    /// </summary>
    /// <param name="member">Who asks; it must hold its routes.</param>
    /// <param name="stripe">The stripe, from 0.</param>
    /// <param name="failedParent">Who is broken or stalled. If it is not (any more) the parent of this stripe, the route
    /// stays as it is. Null blames nobody: the parent is chosen anew, and may be the same.</param>
    /// <returns>The route that is held now.</returns>
    /// <exception cref="InvalidOperationException">The member has left.</exception>
    public StripeRoute Reroute(Member member, int stripe, RoutingNode? failedParent)
    {
        ArgumentNullException.ThrowIfNull(member);
        ArgumentOutOfRangeException.ThrowIfNegative(stripe);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(stripe, _options.Stripes);
        if (member.Holds == 0)
        {
            throw new InvalidOperationException("The member has left.");
        }

        if (failedParent is not null)
        {
            Report(member, failedParent);
        }

        if (failedParent is null || failedParent == member.Routes[stripe].Parent)
        {
            Decide(member, stripe);
            Settle(member.Self);
        }

        return member.Routes[stripe];
    }

    /// <summary>How many routes of this content are held to the node now, over all stripes.</summary>
    public int Connections(RoutingNode node) =>
        _workers.TryGetValue(node, out Worker? worker) ? worker.Connections : 0;

    /// <summary>Every node in every stripe as it is now, ordered by stripe, level and number. O(n log n).</summary>
    public IReadOnlyList<TreeEntry> Snapshot()
    {
        List<TreeEntry> entries = new(_workers.Count * _options.Stripes);
        foreach (Worker worker in _workers.Values)
        {
            for (int stripe = 0; stripe < _options.Stripes; stripe++)
            {
                entries.Add(new TreeEntry(
                    worker.Node, stripe, worker.Places[stripe].Level, worker.Member?.Routes[stripe].Parent,
                    worker.Member is not null, worker.IsAdvertised, worker.Connections));
            }
        }

        entries.Sort((a, b) => (a.Stripe, a.Level, a.Node.Id).CompareTo((b.Stripe, b.Level, b.Node.Id)));
        return entries;
    }

    private Worker Enter(RoutingNode node)
    {
        if (!_workers.TryGetValue(node, out Worker? worker))
        {
            worker = new Worker(node, _options);
            _workers.Add(node, worker);
            _innerStripes.Assign(worker);
        }

        return worker;
    }

    /// <summary>Gives back the route of a stripe, if there is one, and takes the best there is now.</summary>
    private void Decide(Member member, int stripe)
    {
        GiveBack(member, stripe);
        Worker self = member.Self;
        Worker? parent = _choice.Choose(member, stripe);
        int parentLevel = 0;
        if (parent is not null)
        {
            ref Worker.Place place = ref parent.Places[stripe];
            parentLevel = place.Level;
            place.Children++;
            place.DeepestLevel = Math.Min(place.DeepestLevel, place.Level);
            parent.Connections++;
            parent.LastChosen = ++_decisions;
            _eligible.Refresh(parent);
        }

        member.SetRoute(stripe, parent, parentLevel + 1);
        member.Node.CountGiven(parentLevel);
        self.Places[stripe].Level = parentLevel + 1;
        _eligible.Refresh(self, stripe);
    }

    private void GiveBack(Member member, int stripe)
    {
        if (member.Parents[stripe] is { } parent)
        {
            member.Parents[stripe] = null;
            ref Worker.Place place = ref parent.Places[stripe];
            place.DeepestLevel = --place.Children == 0 ? _options.MaxLevel : place.DeepestLevel;
            parent.Connections--;
            Update(parent);
        }
    }

    /// <summary>One node's word leaves a worker out for itself only; and it counts only if it reads from that worker, so
    /// that a stranger's word does no harm.</summary>
    private void Report(Member member, RoutingNode failed)
    {
        if (_workers.TryGetValue(failed, out Worker? worker) && worker != member.Self)
        {
            member.LeaveOut(worker);
            if (Array.IndexOf(member.Parents, worker) >= 0)
            {
                worker.Report(member.Node);
                _eligible.Refresh(worker);
            }
        }
    }

    /// <summary>A node that holds no routes stands where it last stood if it advertises, at level 1 if it is complete, and
    /// nowhere otherwise. Rising never breaks the order of levels: its children stay below.</summary>
    private static void StandAlone(Worker worker)
    {
        if (worker.Member is null)
        {
            foreach (ref Worker.Place place in worker.Places.AsSpan())
            {
                place.Level = !worker.IsAdvertised ? 0 : worker.IsComplete ? 1 : place.Level;
            }
        }
    }

    private void Settle(Worker worker)
    {
        if (_innerStripes.Settle(worker))
        {
            _eligible.Refresh(worker);
        }
    }

    /// <summary>Puts a worker where it belongs now, or forgets it.</summary>
    private void Update(Worker worker)
    {
        _eligible.Refresh(worker);
        if (!worker.IsUsed)
        {
            _workers.Remove(worker.Node);
            _innerStripes.Forget(worker);
        }
    }
}
