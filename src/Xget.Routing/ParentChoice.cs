using Kind = Xget.Routing.EligibleWorkers.Kind;

namespace Xget.Routing;

/// <summary>
/// The policy: which worker becomes the parent of a member in one stripe. ROUTING.md tells it in words.
/// </summary>
internal sealed class ParentChoice(RoutingOptions options, EligibleWorkers eligible, InnerStripes innerStripes,
    IReadOnlyDictionary<RoutingNode, Worker> workers)
{
    /// <summary>Levels that a tree may have more than a full one.</summary>
    private const int MoreLevels = 3;

    /// <summary>The chosen worker; null is the master.</summary>
    /// <param name="member">Who asks.</param>
    /// <param name="stripe">The stripe.</param>
    /// <param name="takesPlace">The worker is full: the member takes the place of one of its leaves.</param>
    public Worker? Choose(Member member, int stripe, out bool takesPlace)
    {
        takesPlace = false;
        if (member.IsExhausted)
        {
            return null;
        }

        int deepestParent = DeepestParent(member, stripe);
        if (options.Stripes == 1)
        {
            return eligible.Best(member, stripe, Kind.Inner, deepestParent);
        }

        bool isInner = member.Self.InnerStripe == stripe;
        int deepestInner = Math.Min(deepestParent, options.MaxLevel - 2);
        int deepestFormer = isInner ? Math.Min(deepestInner, FullLevels()) : Math.Min(deepestParent, FullLevels() + MoreLevels);
        if (Former(member, stripe, deepestFormer) is { } former)
        {
            return former;
        }

        if (isInner)
        {
            // One inner worker of each stripe stands right below the master, and all the others hang from it; where somebody
            // has everything the master is not needed.
            if (innerStripes.HasNoRoot(stripe) && !IsHeld(member, stripe))
            {
                return null;
            }

            // A move costs an advanced leaf more than a few levels cost the newcomer; but nodes that come one by one would make
            // chains, each below the latest, and on the last levels workers get more children than they can serve.
            Worker? place = High(member, stripe, deepestInner, out takesPlace);
            int upper = Math.Max(options.MaxLevel * 3 / 4, FullLevels() + MoreLevels);
            if ((place is null ? IsChain(member, stripe, upper) : place.Places[stripe].Level >= upper) &&
                Highest(member, stripe, Kind.Keeping, Math.Min(deepestInner, upper - 1)) is { } higher)
            {
                (place, takesPlace) = (higher, true);
            }

            if (place is not null)
            {
                return place;
            }
        }

        return Any(member, stripe, deepestParent);
    }

    /// <summary>A better place for one whose parent is the master, inner in another stripe, or overloaded; null if there is
    /// none.</summary>
    /// <param name="member">Who stands there.</param>
    /// <param name="stripe">In that stripe.</param>
    /// <param name="isReserved">Others are expected, and what is free may be theirs: a place that will do is kept.</param>
    public Worker? Better(Member member, int stripe, bool isReserved)
    {
        int deepestParent = DeepestParent(member, stripe);
        bool isInNeed = member.Parents[stripe] is not { } parent || parent.Connections > eligible.Fair;
        if (isReserved && !isInNeed)
        {
            return null;
        }

        Worker? inner = eligible.Best(member, stripe, Kind.Inner, deepestParent);
        return inner is null && isInNeed ? Highest(member, stripe, Kind.Other, deepestParent) : inner;
    }

    /// <summary>The parent that a node had in this stripe in the content before, as it is in this content; null if it is not.</summary>
    public Worker? FormerParent(RoutingNode node, int stripe) =>
        node.Former.Parent(options.Stripes, stripe) is { } former ? workers.GetValueOrDefault(former) : null;

    /// <summary>The parent that the member had in this stripe in the content before, if it has a free place, not too deep: lest
    /// the trees grow deeper from content to content when not all come to each.</summary>
    private Worker? Former(Member member, int stripe, int deepestParent) =>
        FormerParent(member.Node, stripe) is { } worker && worker.Places[stripe].Level <= deepestParent && eligible.HasPlace(worker, stripe) &&
        !member.LeavesOut(worker) ? worker : null;

    /// <summary>The deepest level on which an inner worker has inner children, in a full tree of so many nodes.</summary>
    private int FullLevels()
    {
        int levels = 0;
        for (long places = options.Stripes; places < workers.Count; places *= options.Stripes)
        {
            levels++;
        }

        return levels;
    }

    private Worker? Any(Member member, int stripe, int deepestParent) =>
        eligible.Best(member, stripe, Kind.Inner, deepestParent)
            ?? Highest(member, stripe, Kind.Other, deepestParent)
            ?? eligible.Best(member, stripe, Kind.Keeping, deepestParent)
            ?? eligible.Best(member, stripe, Kind.FullInner, deepestParent)
            ?? eligible.Best(member, stripe, Kind.Yielding, deepestParent)
            ?? eligible.Best(member, stripe, Kind.FullOther, deepestParent);

    /// <summary>Whether a stripe without a root has a worker all the same that stands where the root would.</summary>
    private bool IsHeld(Member member, int stripe) =>
        eligible.First(member, stripe, Kind.Inner, level: 1) is not null ||
        eligible.First(member, stripe, Kind.Yielding, level: 1) is not null ||
        eligible.First(member, stripe, Kind.Other, level: 1) is { Member: null };

    /// <summary>
    /// An inner worker stands as high as it can, or the tree would become a chain: where there is a free place, or a leaf
    /// that gives up its own and becomes the newcomer's child. On the last level it would serve nobody, and its uplink
    /// would be lost to all stripes.
    /// </summary>
    private Worker? High(Member member, int stripe, int deepestParent, out bool takesPlace)
    {
        takesPlace = false;
        for (int level = 1; level <= deepestParent; level++)
        {
            if (eligible.First(member, stripe, Kind.Inner, level) is { } free)
            {
                return free;
            }

            if (eligible.First(member, stripe, Kind.Yielding, level) is { } yielding)
            {
                takesPlace = true;
                return yielding;
            }
        }

        return null;
    }

    /// <summary>Whether full inner workers stand on that level or below.</summary>
    private bool IsChain(Member member, int stripe, int fromLevel)
    {
        for (int level = fromLevel; level < options.MaxLevel; level++)
        {
            if ((eligible.First(member, stripe, Kind.Keeping, level) ?? eligible.First(member, stripe, Kind.FullInner, level)) is not null)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The highest worker of a kind, lest they make long chains.</summary>
    private Worker? Highest(Member member, int stripe, Kind kind, int deepestParent)
    {
        Worker? found = null;
        for (int level = 1; level <= deepestParent && found is null; level++)
        {
            found = eligible.First(member, stripe, kind, level);
        }

        return found;
    }

    /// <summary>Its children stay below it: levels strictly grow along every held route, hence no cycle.</summary>
    private static int DeepestParent(Member member, int stripe) => member.Self.Places[stripe].DeepestLevel - 1;
}
