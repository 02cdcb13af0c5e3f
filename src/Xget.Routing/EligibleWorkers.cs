namespace Xget.Routing;

/// <summary>
/// The workers that may be given a child now, in order: for each stripe and each level, those that are inner there and
/// those that are inner in another stripe.
/// </summary>
internal sealed class EligibleWorkers(RoutingOptions options)
{
    // By stripe, inner or not, level. A worker of the last level serves nobody, so there is no queue for it. Most are
    // never needed: made when first used.
    private readonly WorkerQueue?[] _queues = new WorkerQueue?[options.Stripes * 2 * options.MaxLevel];

    /// <summary>Comparisons made so far: the measure of work in tests.</summary>
    public long Steps => _queues.Sum(q => q?.Steps ?? 0);

    /// <summary>
    /// The order of two workers for one asking node, the paper's second and third heuristic and a round robin: fewest
    /// connections; then the level that the node was given least often; then chosen longest ago; then the lowest number.
    /// </summary>
    public static int Compare(Worker a, Worker b, int aTimesGiven, int bTimesGiven)
    {
        int order = a.Connections - b.Connections;
        order = order != 0 ? order : aTimesGiven.CompareTo(bTimesGiven);
        order = order != 0 ? order : a.LastChosen.CompareTo(b.LastChosen);
        return order != 0 ? order : a.Node.Id.CompareTo(b.Node.Id);
    }

    /// <summary>Puts a worker where it belongs now, in all stripes: its connections are counted over all of them.</summary>
    public void Refresh(Worker worker)
    {
        for (int stripe = 0; stripe < options.Stripes; stripe++)
        {
            Refresh(worker, stripe);
        }
    }

    /// <summary>Puts a worker where it belongs now, in one stripe.</summary>
    public void Refresh(Worker worker, int stripe)
    {
        ref Worker.Place place = ref worker.Places[stripe];
        WorkerQueue? queue = null;
        if (IsEligible(worker, stripe))
        {
            queue = Queue(stripe, worker.InnerStripe == stripe, place.Level) ??= new WorkerQueue(stripe);
        }

        if (place.Queue == queue)
        {
            queue?.Move(worker);
            return;
        }

        place.Queue?.Remove(worker);
        place.Queue = queue;
        queue?.Add(worker);
    }

    /// <summary>The best worker of a stripe down to a level, for this member; null if none is eligible. One look at each
    /// level's first, since within a level the third heuristic tells nothing apart.</summary>
    public Worker? Best(Member member, int stripe, bool inner, int deepestLevel)
    {
        Worker? best = null;
        int bestTimesGiven = 0;
        for (int level = 1; level <= deepestLevel; level++)
        {
            if (Queue(stripe, inner, level)?.First(member) is { } worker)
            {
                int timesGiven = member.Node.TimesGiven(level);
                if (best is null || Compare(worker, best, timesGiven, bestTimesGiven) < 0)
                {
                    (best, bestTimesGiven) = (worker, timesGiven);
                }
            }
        }

        return best;
    }

    private bool IsEligible(Worker worker, int stripe)
    {
        int level = worker.Places[stripe].Level;
        return worker.IsAdvertised && !worker.IsReported && level > 0 && level < options.MaxLevel
            && worker.Connections < options.MaxConnections;
    }

    private ref WorkerQueue? Queue(int stripe, bool inner, int level) =>
        ref _queues[(2 * stripe + (inner ? 0 : 1)) * options.MaxLevel + level];
}
