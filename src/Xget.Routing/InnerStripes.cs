namespace Xget.Routing;

/// <summary>
/// In which stripe each node is inner, so that a node has its children in about one stripe and is a leaf in the others, and
/// every uplink carries about as much (SplitStream's idea, Castro et al. 2003; here with central control). With one stripe
/// every node is inner in it, and nothing here has any effect.
/// </summary>
internal sealed class InnerStripes(RoutingOptions options)
{
    private readonly int[] _nodes = new int[options.Stripes];

    /// <summary>Makes a new node inner in the stripe that has the fewest inner nodes.</summary>
    public void Assign(Worker worker)
    {
        worker.InnerStripe = Array.IndexOf(_nodes, _nodes.Min());
        _nodes[worker.InnerStripe]++;
    }

    /// <summary>Takes a node out of the count.</summary>
    public void Forget(Worker worker) => _nodes[worker.InnerStripe]--;

    /// <summary>Whether the node is the only one that is inner in its stripe.</summary>
    public bool IsAlone(Worker worker) => _nodes[worker.InnerStripe] == 1;

    /// <summary>A node that came to stand on the last level of its inner stripe could serve nobody there: it becomes inner
    /// in the stripe where it is highest. True if that changed anything.</summary>
    public bool Settle(Worker worker)
    {
        int highest = worker.InnerStripe;
        for (int stripe = 0; stripe < options.Stripes && worker.Places[worker.InnerStripe].Level == options.MaxLevel; stripe++)
        {
            int level = worker.Places[stripe].Level;
            highest = level > 0 && level < worker.Places[highest].Level ? stripe : highest;
        }

        if (highest == worker.InnerStripe)
        {
            return false;
        }

        Forget(worker);
        worker.InnerStripe = highest;
        _nodes[highest]++;
        return true;
    }
}
