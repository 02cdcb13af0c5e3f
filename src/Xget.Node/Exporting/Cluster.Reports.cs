using System.Globalization;
using System.Text;
using Xget.Node.Wire;

namespace Xget.Node.Exporting;

/// <summary>What people see of the cluster.</summary>
internal sealed partial class Cluster
{
    /// <summary>Bytes of the text; what does not fit is left out.</summary>
    internal const int MaxTree = 16 << 20;

    /// <summary>Nodes that are copied while the lock is held once.</summary>
    private const int MaxCopied = 512;

    /// <summary>A line of the tree, copied while the lock is held. Without a stripe the node reads from nobody.</summary>
    private readonly record struct Row(NodeSession Node, int Port, int Stripe, int Level, PeerAddress? Parent, int ParentPort, int Connections, ulong Have);

    /// <summary>
    /// The text of <c>/.xget/tree</c>: for each content that somebody reads or serves a line
    /// <c>content KEY SIZE NAME</c>, then per node and stripe
    /// <c>route STRIPE LEVEL NODE ADDRESS PARENT CONNECTIONS HAVE</c>; ADDRESS and PARENT are <c>host!port</c>,
    /// <c>me</c> or <c>-</c> (none: not a worker; complete). The lock is held for a copy of a few hundred nodes at a time.
    /// </summary>
    internal byte[] Tree()
    {
        ContentRoutes[] contents;
        lock (_gate)
            contents = [.. _contents.Values];
        var text = new MemoryStream();
        var lines = new StringBuilder();
        var rows = new List<Row>();
        for (int i = 0; i < contents.Length; i++)
        {
            rows.Clear();
            NodeSession[] sessions;
            lock (_gate)
                sessions = [.. contents[i].Sessions.Values];
            for (int first = 0; first < sessions.Length; first += MaxCopied)
            {
                lock (_gate)
                    Copy(contents[i], sessions.AsSpan(first, Math.Min(MaxCopied, sessions.Length - first)), rows);
            }
            if (rows.Count == 0)
                continue; // all have left meanwhile
            lines.Append(CultureInfo.InvariantCulture, $"content {contents[i].Key} {contents[i].Size} {contents[i].Name}\n");
            foreach (Row row in rows)
                Append(lines, row);
            text.Write(Encoding.UTF8.GetBytes(lines.ToString()));
            lines.Clear();
            if (text.Length > MaxTree)
            {
                text.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"and {contents.Length - i - 1} more\n")));
                break;
            }
        }
        return text.ToArray();
    }

    /// <summary>Figures of the cluster as <c>name value</c> lines.</summary>
    internal string Stats()
    {
        lock (_gate)
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"nodes {_participants}\nworkers {_workers}\ncontents-active {_contents.Count}\n" +
                $"routes-held {_routesHeld}\nroute-decisions {_decisions}\n");
        }
    }

    private static void Copy(ContentRoutes routes, ReadOnlySpan<NodeSession> sessions, List<Row> rows)
    {
        foreach (NodeSession session in sessions)
        {
            if (!session.Participations.TryGetValue(routes, out Participation? part))
                continue; // it has left meanwhile
            int port = part.IsOffered ? session.Port : 0;
            int connections = routes.Tree.Connections(session.Node);
            if (part.Member is not { } member)
            {
                rows.Add(new Row(session, port, -1, 0, null, 0, connections, part.Have));
                continue;
            }
            foreach (Routing.StripeRoute route in member.Routes)
            {
                NodeSession? parent = route.Parent is null ? null : routes.Sessions.GetValueOrDefault(route.Parent);
                rows.Add(new Row(session, port, route.Stripe, route.Level, parent?.Host, parent?.Port ?? 0, connections, part.Have));
            }
        }
    }

    private static void Append(StringBuilder text, in Row row)
    {
        text.Append("route ");
        if (row.Stripe < 0)
            text.Append("- -");
        else
            text.Append(CultureInfo.InvariantCulture, $"{row.Stripe} {row.Level}");
        text.Append(' ').Append(row.Node.Name).Append(' ');
        if (row.Port == 0)
            text.Append('-');
        else
            text.Append(CultureInfo.InvariantCulture, $"{row.Node.Host.Text}!{row.Port}");
        if (row.Stripe < 0)
            text.Append(" -");
        else if (row.Parent is null)
            text.Append(' ').Append(HostPort.Me);
        else
            text.Append(CultureInfo.InvariantCulture, $" {row.Parent.Text}!{row.ParentPort}");
        text.Append(CultureInfo.InvariantCulture, $" {row.Connections} {row.Have}\n");
    }
}
