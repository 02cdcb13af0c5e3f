using System.Globalization;
using System.Text;
using Xget.Node.Wire;

namespace Xget.Node.Exporting;

/// <summary>What people see of the cluster.</summary>
internal sealed partial class Cluster
{
    /// <summary>
    /// The text of <c>/.xget/tree</c>: for each content that somebody reads or serves a line
    /// <c>content KEY SIZE NAME</c>, then per node and stripe
    /// <c>route STRIPE LEVEL NODE ADDRESS PARENT CONNECTIONS HAVE</c>; ADDRESS and PARENT are <c>host!port</c>,
    /// <c>me</c> or <c>-</c> (none: not a worker; complete).
    /// </summary>
    internal string Tree()
    {
        var text = new StringBuilder();
        lock (_gate)
        {
            foreach (ContentRoutes routes in _contents.Values)
            {
                text.Append(CultureInfo.InvariantCulture, $"content {routes.Key} {routes.Size} {routes.Name}\n");
                foreach (NodeSession session in routes.Sessions.Values)
                    AppendRoutes(text, routes, session);
            }
        }
        return text.ToString();
    }

    /// <summary>Figures of the cluster as <c>name value</c> lines.</summary>
    internal string Stats()
    {
        lock (_gate)
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"nodes {_sessions.Values.Count(s => s.Participations.Count > 0)}\n" +
                $"workers {_workers.Count}\ncontents-active {_contents.Count}\n" +
                $"routes-held {_contents.Values.Sum(c => c.Sessions.Values.Sum(s => s.Participations[c].Member?.Routes.Count ?? 0))}\n" +
                $"route-decisions {_decisions}\n");
        }
    }

    private static void AppendRoutes(StringBuilder text, ContentRoutes routes, NodeSession session)
    {
        Participation part = session.Participations[routes];
        string address = part.Avails > 0 ? HostPort.Format(session.EndPoint) : "-";
        int connections = routes.Tree.Connections(session.Node);
        RouteLine[] lines = part.Member is { } member ? Lines(routes, member) : [];
        if (lines.Length == 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"route - - {session.Name} {address} - {connections} {part.Have}\n");
            return;
        }
        foreach (RouteLine r in lines)
        {
            string parent = r.Parent is null ? HostPort.Me : HostPort.Format(r.Parent);
            text.Append(CultureInfo.InvariantCulture,
                $"route {r.Stripe} {r.Level} {session.Name} {address} {parent} {connections} {part.Have}\n");
        }
    }
}
