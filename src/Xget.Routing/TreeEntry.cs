namespace Xget.Routing;

/// <summary>One node in one stripe, as <c>xget tree</c> shows it. A value: it does not follow later changes.</summary>
/// <param name="Node">The node.</param>
/// <param name="Stripe">The stripe, from 0.</param>
/// <param name="Level">Its level in this stripe; 0 if it has none, since no route was decided for it.</param>
/// <param name="Parent">The worker it reads from; null is the master, or nobody if <paramref name="HoldsRoute"/> is
/// false.</param>
/// <param name="HoldsRoute">Whether it holds a route now, or one is kept for it until it asks; a worker that has everything
/// holds none.</param>
/// <param name="Advertises">Whether it serves this content.</param>
/// <param name="Connections">Routes held to it now, over all stripes.</param>
public readonly record struct TreeEntry(
    RoutingNode Node, int Stripe, int Level, RoutingNode? Parent, bool HoldsRoute, bool Advertises, int Connections);
