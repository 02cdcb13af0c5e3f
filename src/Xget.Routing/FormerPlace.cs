namespace Xget.Routing;

/// <summary>
/// Where a node stood in the striped content that it came to last. It is given the same place in the next one, so that
/// contents that come one after the other have the same trees: the connections are there, and who has the end of one first
/// is the first to have the beginning of the next.
/// </summary>
internal sealed class FormerPlace
{
    private RoutingNode?[] _parents = [];
    private (int Stripes, int Stripe) _inner = (0, InnerStripes.None);

    /// <summary>Notes the stripe in which it is inner.</summary>
    public void Inner(int stripes, int stripe) => _inner = (stripes, stripe);

    /// <summary>Notes a route that it was given.</summary>
    public void Given(int stripes, in StripeRoute route)
    {
        if (stripes == 1)
        {
            return;
        }

        if (!IsKnown(stripes))
        {
            _parents = new RoutingNode?[stripes];
        }

        _parents[route.Stripe] = route.Parent;
    }

    /// <summary>The stripe in which it was inner, in a content of so many; <see cref="InnerStripes.None"/> if none is known.</summary>
    public int InnerStripe(int stripes) => _inner.Stripes == stripes ? _inner.Stripe : InnerStripes.None;

    /// <summary>Whether it was in a content of so many stripes.</summary>
    public bool IsKnown(int stripes) => _parents.Length == stripes;

    /// <summary>The worker it read from; null if that was the master, or none is known.</summary>
    public RoutingNode? Parent(int stripes, int stripe) => IsKnown(stripes) ? _parents[stripe] : null;

    /// <summary>It is a stranger from now on.</summary>
    public void Forget() => (_parents, _inner) = ([], (0, InnerStripes.None));
}
