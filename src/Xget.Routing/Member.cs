namespace Xget.Routing;

/// <summary>
/// A node that holds routes of one content, from <see cref="DistributionTree.Join"/> until
/// <see cref="DistributionTree.Leave"/>; inside the tree also one that is expected to join. Not thread-safe: it belongs to
/// the owner of its tree.
/// </summary>
public sealed class Member
{
    /// <summary>How many parents one member may leave out. A node that fails with so many is itself the one in trouble:
    /// from then on it reads from the master. Above the 20 retries of the paper, and a bound on the search for a parent.
    /// </summary>
    internal const int MaxLeftOut = 32;

    private readonly StripeRoute[] _routes;
    private List<(Worker Worker, int Advertisement)>? _leftOut;

    internal Member(Worker self, int stripes)
    {
        Self = self;
        _routes = new StripeRoute[stripes];
        Parents = new Worker?[stripes];
    }

    /// <summary>The node.</summary>
    public RoutingNode Node => Self.Node;

    /// <summary>Its routes by stripe, as they are now: <see cref="DistributionTree.Reroute"/> changes one in place, and so
    /// may what others do (<see cref="DistributionTree.TryTakeChanged"/>). After the last <see cref="DistributionTree.Leave"/> they are what was held last.</summary>
    public IReadOnlyList<StripeRoute> Routes => _routes;

    internal Worker Self { get; }

    internal Worker?[] Parents { get; }

    /// <summary>Its routes were changed by what others did, and nobody has been told yet.</summary>
    internal bool IsChanged { get; set; }

    /// <summary>How many joins are not yet undone by a leave; 0 also of one that is expected.</summary>
    internal int Holds { get; set; }

    /// <summary>It has left out as many as it may: only the master is left.</summary>
    internal bool IsExhausted { get; private set; }

    /// <summary>Whether it has a route of that stripe: one that is expected may have some only.</summary>
    internal bool IsDecided(int stripe) => _routes[stripe].Level > 0;

    internal void SetRoute(int stripe, Worker? parent, int level)
    {
        Parents[stripe] = parent;
        _routes[stripe] = new StripeRoute(stripe, level, parent?.Node);
    }

    /// <summary>Leaves a worker out for as long as its present advertisement lasts.</summary>
    internal void LeaveOut(Worker worker)
    {
        if (!worker.IsAdvertised || worker == Self || (_leftOut?.Contains((worker, worker.Advertisement)) ?? false))
        {
            return;
        }

        _leftOut ??= [];
        if (_leftOut.Count == MaxLeftOut)
        {
            _leftOut.RemoveAll(o => !o.Worker.IsAdvertised || o.Worker.Advertisement != o.Advertisement);
        }

        if (_leftOut.Count == MaxLeftOut)
        {
            IsExhausted = true;
        }
        else
        {
            _leftOut.Add((worker, worker.Advertisement));
        }
    }

    /// <summary>Whether this member may not be given that worker: it was left out, is avoided by the node in all contents, or is
    /// the member itself.</summary>
    internal bool LeavesOut(Worker worker) =>
        worker == Self || Node.Avoids(worker.Node) || (_leftOut is { } list && list.Contains((worker, worker.Advertisement)));
}
