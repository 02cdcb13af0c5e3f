namespace Xget.Routing;

/// <summary>
/// The workers that may be given a child now, in order: for each stripe, kind and level a queue.
/// </summary>
internal sealed class EligibleWorkers(RoutingOptions options)
{
    private const int Kinds = 6;

    // By stripe, kind, level. A worker of the last level serves nobody, so there is no queue for it. Most are never
    // needed: made when first used.
    private readonly WorkerQueue?[] _queues = new WorkerQueue?[options.Stripes * Kinds * options.MaxLevel];

    /// <summary>What a worker offers in a stripe.</summary>
    public enum Kind
    {
        /// <summary>Inner there, with a free place.</summary>
        Inner,

        /// <summary>Inner in another stripe, with a free place.</summary>
        Other,

        /// <summary>Inner there and full, but one of its children is a leaf whose place a newcomer may take.</summary>
        Yielding,

        /// <summary>The same, but the leaf is advanced.</summary>
        Keeping,

        /// <summary>Inner there, has as many children as its uplink carries, and may be given more only in need.</summary>
        FullInner,

        /// <summary>The same, inner in another stripe.</summary>
        FullOther,
    }

    /// <summary>
    /// Children beyond which an uplink is overloaded: with k stripes, k children that read one stripe each take as much as
    /// the node itself receives.
    /// </summary>
    public int Fair { get; } = options.Stripes > 1 ? Math.Min(options.Stripes, options.MaxConnections) : options.MaxConnections;

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
        if (KindOf(worker, stripe) is { } kind)
        {
            queue = Queue(stripe, kind, place.Level) ??= new WorkerQueue(stripe);
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

    /// <summary>Whether a worker is eligible and has a free place.</summary>
    public bool HasPlace(Worker worker, int stripe) => KindOf(worker, stripe) is Kind.Inner or Kind.Other;

    /// <summary>The best worker of a stripe, kind and level for this member; null if there is none.</summary>
    public Worker? First(Member member, int stripe, Kind kind, int level) =>
        Queue(stripe, kind, level)?.First(member);

    /// <summary>The best worker of a stripe and kind down to a level, for this member; null if none is eligible. One look
    /// at each level's first, since within a level the third heuristic tells nothing apart.</summary>
    public Worker? Best(Member member, int stripe, Kind kind, int deepestLevel)
    {
        Worker? best = null;
        int bestTimesGiven = 0;
        for (int level = 1; level <= deepestLevel; level++)
        {
            if (First(member, stripe, kind, level) is { } worker && worker.Connections < options.MaxConnections)
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

    private Kind? KindOf(Worker worker, int stripe)
    {
        int level = worker.Places[stripe].Level;
        bool serves = worker.IsAdvertised && !worker.IsReported && level > 0 && level < options.MaxLevel;
        if (!serves)
        {
            return null;
        }

        bool isInner = worker.InnerStripe == stripe;
        if (worker.Connections < Fair)
        {
            return isInner ? Kind.Inner : Kind.Other;
        }

        // One that has more children than it should does not get another for one of them: a newcomer relieves it.
        return isInner && options.Stripes > 1 && worker.Connections == Fair && worker.Leaf(stripe) is { Self.IsAdvanced: var isAdvanced }
            ? isAdvanced ? Kind.Keeping : Kind.Yielding
            : worker.Connections >= options.MaxConnections ? null
            : isInner ? Kind.FullInner : Kind.FullOther;
    }

    private ref WorkerQueue? Queue(int stripe, Kind kind, int level) =>
        ref _queues[(Kinds * stripe + (int)kind) * options.MaxLevel + level];
}
