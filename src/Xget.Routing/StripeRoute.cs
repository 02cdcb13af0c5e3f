namespace Xget.Routing;

/// <summary>Where a node reads one stripe of a content. A value.</summary>
/// <param name="Stripe">The stripe, from 0.</param>
/// <param name="Level">The level of the node itself in this stripe: its parent's plus 1, so 1 below the master.</param>
/// <param name="Parent">The worker to read from; null is the master.</param>
public readonly record struct StripeRoute(int Stripe, int Level, RoutingNode? Parent);
