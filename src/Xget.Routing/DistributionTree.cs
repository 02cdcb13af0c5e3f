using System.Diagnostics.CodeAnalysis;

namespace Xget.Routing;

/// <summary>
/// The trees, one per stripe, down which one content is distributed, and who holds which route: the paper's three
/// heuristics as events and decisions, without clock, randomness or I/O, so that equal events give equal trees
/// (ROUTING.md). Every event takes O(log n) for n nodes, times the stripes it concerns. Not thread-safe: one owner applies
/// the events of all trees one at a time.
/// </summary>
public sealed partial class DistributionTree
{
    private readonly RoutingOptions _options;
    private readonly Dictionary<RoutingNode, Worker> _workers = [];
    private readonly EligibleWorkers _eligible;
    private readonly InnerStripes _innerStripes;
    private readonly ParentChoice _choice;
    private readonly Queue<Worker>[] _strays;
    private readonly Queue<Member> _changed = new();
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
        _choice = new ParentChoice(options, _eligible, _innerStripes, _workers);
        _strays = new Queue<Worker>[options.Stripes];
        _expected = new LinkedList<Worker>[options.Stripes];
        for (int stripe = 0; stripe < options.Stripes; stripe++)
        {
            _strays[stripe] = new Queue<Worker>();
            _expected[stripe] = [];
        }
    }

    /// <summary>Whether no node holds a route, advertises or has children: its owner may drop the tree.</summary>
    public bool IsEmpty => _workers.Count == 0;

    /// <summary>Nodes that hold routes.</summary>
    public int Members { get; private set; }

    /// <summary>Comparisons made so far: the measure of work in tests.</summary>
    internal long Steps => _eligible.Steps;

    /// <summary>How many stand in line for a better route, over all stripes, with those who have gone since.</summary>
    internal int Strays => _strays.Sum(s => s.Count);

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
        Member member = self.Member ??= new Member(self, _options.Stripes);
        foreach (RoutingNode failed in leaveOut)
        {
            Report(member, failed);
        }

        if (++member.Holds == 1)
        {
            Members++;
            // Whoever asks for routes is not complete. Where it is to be inner it takes its pick first.
            self.IsComplete = false;
            self.IsAdvanced = false;
            HasCome(self);
            if (self.InnerStripe != InnerStripes.None)
            {
                DecideIfNeeded(member, self.InnerStripe);
            }
        }

        for (int stripe = 0; stripe < _options.Stripes; stripe++)
        {
            DecideIfNeeded(member, stripe);
        }

        Settle(self);
        TakeStrays(self.InnerStripe, member);
        return member;
    }

    /// <summary>
    /// The next member whose routes were changed by what others did: with several stripes, a newcomer may take a leaf's
    /// place, or relieve the master. False when all have been told.
    /// </summary>
    public bool TryTakeChanged([NotNullWhen(true)] out Member? member)
    {
        while (_changed.TryDequeue(out member))
        {
            member.IsChanged = false;
            if (member.Holds > 0)
            {
                return true;
            }
        }

        return false;
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

        Members--;
        GiveBack(member);
        StandAlone(member.Self);
        Update(member.Self);
        for (int stripe = 0; stripe < _options.Stripes; stripe++)
        {
            TakeStrays(stripe, member);
        }
    }

    /// <summary>
    /// The member has been here for a while: it gives its place to no newcomer any more, for a move costs it a new
    /// connection. Forgotten when it asks for routes anew.
    /// </summary>
    public void Advance(Member member)
    {
        ArgumentNullException.ThrowIfNull(member);
        if (member.Holds == 0 || member.Self.IsAdvanced)
        {
            return;
        }

        member.Self.IsAdvanced = true;
        foreach (Worker? parent in member.Parents)
        {
            if (parent is not null)
            {
                _eligible.Refresh(parent);
            }
        }
    }

    /// <summary>
    /// The node serves this content from now on (avail is written), even before it has any data. It is eligible as soon as
    /// its routes are decided; best advertise first and join then, so that it is a worker at once. A node that was in
    /// another content before gets its place of there again, so it may advertise long before it joins. If it had withdrawn, or
    /// was reported by two nodes, all that was held against it is forgotten.
    /// </summary>
    public void Advertise(RoutingNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        Worker self = Enter(node);
        bool isNew = !self.IsAdvertised || self.IsReported;
        self.Advertise();
        _innerStripes.Assign(self);
        InnerStripeChanged(self);
        Expect(self);
        Update(self);
        if (isNew)
        {
            PlaceLate(self);
        }
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
            HasCome(self);
            StandAlone(self);
            Update(self);
        }
    }

    /// <summary>
    /// The node is too slow to serve others: nobody is sent to it until it advertises anew, and its children get other
    /// parents (<see cref="TryTakeChanged"/>). False if nothing changed: it serves nobody, or there is one stripe only.
    /// </summary>
    public bool Demote(RoutingNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        if (_options.Stripes == 1 || !_workers.TryGetValue(node, out Worker? self) || !self.IsAdvertised || self.IsReported)
        {
            return false;
        }

        HasCome(self);
        node.Forget();
        self.Demote();
        _innerStripes.Forget(self);
        InnerStripeChanged(self);
        Update(self);
        for (int stripe = 0; stripe < _options.Stripes; stripe++)
        {
            foreach (Member child in self.Places[stripe].Children?.ToArray() ?? [])
            {
                Decide(child, stripe);
                Changed(child);
            }
        }

        return true;
    }

    /// <summary>The node serves no more (avail is clunked or its connection lost): nobody is sent to it. Its children keep
    /// their routes until they ask anew or leave. A node that does not advertise is ignored.</summary>
    public void Withdraw(RoutingNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        if (_workers.TryGetValue(node, out Worker? self) && self.IsAdvertised)
        {
            HasCome(self);
            self.Withdraw();
            _innerStripes.Forget(self);
            InnerStripeChanged(self);
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
    /// <param name="isHeard">Whether its word counts for others too.</param>
    /// <returns>The route that is held now.</returns>
    /// <exception cref="InvalidOperationException">The member has left.</exception>
    public StripeRoute Reroute(Member member, int stripe, RoutingNode? failedParent, bool isHeard = true)
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
            Report(member, failedParent, isHeard);
        }

        if (failedParent is null || failedParent == member.Routes[stripe].Parent)
        {
            Decide(member, stripe);
            Settle(member.Self);
            TakeStrays(stripe, member);
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
                    worker.Member?.IsDecided(stripe) ?? false, worker.IsAdvertised, worker.Connections));
            }
        }

        entries.Sort((a, b) => (a.Stripe, a.Level, a.Node.Id).CompareTo((b.Stripe, b.Level, b.Node.Id)));
        return entries;
    }
}
