namespace Xget.Routing;

/// <summary>
/// The policy: which worker becomes the parent of a member in one stripe. ROUTING.md tells it in words.
/// </summary>
internal sealed class ParentChoice(RoutingOptions options, EligibleWorkers eligible, InnerStripes innerStripes)
{
    /// <summary>The chosen worker; null is the master.</summary>
    public Worker? Choose(Member member, int stripe)
    {
        if (member.IsExhausted)
        {
            return null;
        }

        // Its children stay below it: levels strictly grow along every held route, hence no cycle.
        int deepestParent = member.Self.Places[stripe].DeepestLevel - 1;
        if (options.Stripes > 1 && member.Self.InnerStripe == stripe)
        {
            // The first inner node of a stripe stands right below the master: all the others of the stripe hang from it.
            if (innerStripes.IsAlone(member.Self))
            {
                return null;
            }

            // On the last level it would serve nobody, and its uplink would be lost to all stripes.
            int room = Math.Min(deepestParent, options.MaxLevel - 2);
            if (eligible.Best(member, stripe, inner: true, room) is { } withRoomBelow)
            {
                return withRoomBelow;
            }
        }

        return eligible.Best(member, stripe, inner: true, deepestParent)
            ?? eligible.Best(member, stripe, inner: false, deepestParent);
    }
}
