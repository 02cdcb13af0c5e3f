using Kind = Xget.Routing.EligibleWorkers.Kind;

namespace Xget.Routing;

/// <summary>
/// The policy: which worker becomes the parent of a member in one stripe. ROUTING.md tells it in words.
/// </summary>
internal sealed class ParentChoice(RoutingOptions options, EligibleWorkers eligible, InnerStripes innerStripes)
{
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

        if (member.Self.InnerStripe == stripe)
        {
            // One inner worker of each stripe stands right below the master, and all the others hang from it; where somebody
            // has everything the master is not needed.
            if (innerStripes.HasNoRoot(stripe) && !IsHeld(member, stripe))
            {
                return null;
            }

            if (High(member, stripe, Math.Min(deepestParent, options.MaxLevel - 2), out takesPlace) is { } withRoomBelow)
            {
                return withRoomBelow;
            }
        }

        Worker? found = Any(member, stripe, deepestParent, anyAhead: false);
        return found is null && member.Self.IsAdvanced ? Any(member, stripe, deepestParent, anyAhead: true) : found;
    }

    /// <summary>A better place for one whose parent is the master, inner in another stripe, or overloaded; null if there is
    /// none. Who reads from the master may have to wait for a newcomer to catch up: its uplink is the dearest.</summary>
    public Worker? Better(Member member, int stripe)
    {
        int deepestParent = DeepestParent(member, stripe);
        Worker? inner = eligible.Best(member, stripe, Kind.Inner, deepestParent, anyAhead: member.Parents[stripe] is null);
        bool isInNeed = member.Parents[stripe] is not { } parent || parent.Connections > eligible.Fair;
        return inner is null && isInNeed ? Highest(member, stripe, Kind.Other, deepestParent, anyAhead: false) : inner;
    }

    private Worker? Any(Member member, int stripe, int deepestParent, bool anyAhead) =>
        eligible.Best(member, stripe, Kind.Inner, deepestParent, anyAhead)
            ?? Highest(member, stripe, Kind.Other, deepestParent, anyAhead)
            ?? eligible.Best(member, stripe, Kind.FullInner, deepestParent, anyAhead)
            ?? eligible.Best(member, stripe, Kind.Yielding, deepestParent, anyAhead)
            ?? eligible.Best(member, stripe, Kind.FullOther, deepestParent, anyAhead);

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

    /// <summary>Of workers that are inner elsewhere the highest, lest they make long chains.</summary>
    private Worker? Highest(Member member, int stripe, Kind kind, int deepestParent, bool anyAhead)
    {
        Worker? found = null;
        for (int level = 1; level <= deepestParent && found is null; level++)
        {
            found = eligible.First(member, stripe, kind, level, anyAhead);
        }

        return found;
    }

    /// <summary>Its children stay below it: levels strictly grow along every held route, hence no cycle.</summary>
    private static int DeepestParent(Member member, int stripe) => member.Self.Places[stripe].DeepestLevel - 1;
}
