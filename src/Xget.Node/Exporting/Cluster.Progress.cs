using Xget.Routing;

namespace Xget.Node.Exporting;

/// <summary>How far the nodes are, and who of them is far slower than the others.</summary>
internal sealed partial class Cluster
{
    /// <summary>The node says how many verified bytes it has.</summary>
    internal void Progress(NodeSession session, object key, ulong have, ulong missing)
    {
        lock (_gate)
        {
            if (!TryFind(session, key, out ContentRoutes? routes, out Participation? part))
                return;
            part.Have = Math.Min(have, routes.Size);
            bool isSlow = part.Pace.IsSlow(routes, session.Host, time, have, missing);
            if (isSlow && StandsBelowSilent(part, routes))
            {
                part.Pace.Excuse();
            }
            else if (isSlow && routes.Tree.Demote(session.Node))
            {
                log.Warning("{Node} gets {Content} far more slowly than others: it serves nobody", session.Name, routes.Name);
                OnAll(session, DemoteElsewhere);
            }
            TellChanged(routes);
            if (part.Have == routes.Size && part.Avails > 0)
                routes.Tree.Complete(session.Node);
        }
    }

    /// <summary>Whether a worker that it stands below stands still: then it is not its own link that is slow.</summary>
    private bool StandsBelowSilent(Participation part, ContentRoutes routes)
    {
        foreach (StripeRoute route in part.Member?.Routes ?? [])
        {
            RoutingNode? above = route.Parent;
            while (above is not null && routes.Sessions.TryGetValue(above, out NodeSession? session) &&
                   session.Participations[routes] is { } its && its.Have < routes.Size)
            {
                if (its.Pace.IsSilent(time))
                    return true;
                above = its.Member?.Routes[route.Stripe].Parent;
            }
        }
        return false;
    }

    /// <summary>Nor is it expected to serve the contents that come next.</summary>
    private static void DemoteElsewhere(NodeSession session, ContentRoutes routes, Participation part)
    {
        if (part.Have < routes.Size && routes.Tree.Demote(session.Node))
            TellChanged(routes);
    }
}
