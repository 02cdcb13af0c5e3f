namespace Xget.Routing;

/// <summary>
/// In which stripe each worker is inner, so that it has its children in about one stripe and is a leaf in the others, and
/// every uplink carries about as much (SplitStream's idea, Castro et al. 2003; here with central control); and which of
/// them is each stripe's root. With one stripe every node is inner in it, and nothing here has any effect.
/// </summary>
internal sealed class InnerStripes(RoutingOptions options)
{
    /// <summary>Of a worker that does not advertise: it is inner nowhere.</summary>
    public const int None = -1;

    private readonly int[] _workers = new int[options.Stripes];
    private readonly Worker?[] _roots = new Worker?[options.Stripes];

    /// <summary>Makes a worker inner in the stripe that has the fewest inner ones; or where it was inner before, unless that
    /// has many more: of nodes that come in any order those of one stripe can be the first.</summary>
    public void Assign(Worker worker)
    {
        if (options.Stripes > 1 && worker.InnerStripe == None)
        {
            int fewest = int.MaxValue;
            foreach (int workers in _workers)
            {
                fewest = Math.Min(fewest, workers);
            }

            int former = worker.Node.Former.InnerStripe(options.Stripes);
            bool stays = former != None && _workers[former] <= 2 * fewest + 8;
            Assign(worker, stays ? former : Array.IndexOf(_workers, fewest));
            if (former == None)
            {
                worker.Node.Former.Inner(options.Stripes, worker.InnerStripe);
            }
        }
    }

    /// <summary>It serves no more.</summary>
    public void Forget(Worker worker)
    {
        if (options.Stripes > 1 && worker.InnerStripe != None)
        {
            _workers[worker.InnerStripe]--;
            LeaveRoot(worker, worker.InnerStripe);
            worker.InnerStripe = None;
        }
    }

    /// <summary>Whether nobody is the root of a stripe: the one inner worker that reads it from the master.</summary>
    public bool HasNoRoot(int stripe) => _roots[stripe] is null;

    /// <summary>Whether a worker is the root of that stripe.</summary>
    public bool IsRoot(Worker worker, int stripe) => _roots[stripe] == worker;

    /// <summary>Takes note of a route: who is inner, reads from the master and finds no root there is the root.</summary>
    public void Route(Worker worker, int stripe, bool fromMaster)
    {
        if (!fromMaster)
        {
            LeaveRoot(worker, stripe);
        }
        else if (worker.InnerStripe == stripe)
        {
            _roots[stripe] ??= worker;
        }
    }

    /// <summary>A worker holds no route of that stripe any more.</summary>
    public void LeaveRoot(Worker worker, int stripe)
    {
        if (_roots[stripe] == worker)
        {
            _roots[stripe] = null;
        }
    }

    /// <summary>A worker that came to stand on the last level of its inner stripe could serve nobody there: it becomes inner
    /// in the stripe where it is highest. True if that changed anything.</summary>
    public bool Settle(Worker worker)
    {
        if (options.Stripes == 1 || worker.InnerStripe == None || worker.Places[worker.InnerStripe].Level != options.MaxLevel)
        {
            return false;
        }

        int highest = worker.InnerStripe;
        for (int stripe = 0; stripe < options.Stripes; stripe++)
        {
            int level = worker.Places[stripe].Level;
            highest = level > 0 && level < worker.Places[highest].Level ? stripe : highest;
        }

        if (highest == worker.InnerStripe)
        {
            return false;
        }

        Forget(worker);
        Assign(worker, highest);
        return true;
    }

    private void Assign(Worker worker, int stripe)
    {
        worker.InnerStripe = stripe;
        _workers[stripe]++;
    }
}
