using System.Diagnostics.CodeAnalysis;
using System.Net;
using Mono.Unix.Native;
using Xget.Content;
using Xget.Node.Wire;
using Xget.Routing;

namespace Xget.Node.Exporting;

/// <summary>The contents that nodes take part in.</summary>
internal sealed partial class Cluster
{
    private bool TryFind(NodeSession session, object key, [NotNullWhen(true)] out ContentRoutes? routes,
        [NotNullWhen(true)] out Participation? part)
    {
        part = null;
        return _contents.TryGetValue(key, out routes) && session.Participations.TryGetValue(routes, out part);
    }

    /// <summary>The node's part in a content, which begins if there is none: EMFILE or ENOSPC if there are too many.</summary>
    private Errno Part(NodeSession session, in ContentKey key, out ContentRoutes routes, out Participation part)
    {
        if (TryFind(session, key.Key, out routes!, out part!))
            return 0;
        if (session.Participations.Count >= MaxContents)
        {
            if (!session.IsTold)
                log.Warning("{Node} takes part in {Count} contents, which is the most: more are refused", session.Name, MaxContents);
            session.IsTold = true;
            return Errno.EMFILE;
        }
        if (_participations >= MaxParticipations)
        {
            if (!_isFull)
                log.Warning("nodes take part in {Count} contents in all, which is the most: more are refused", MaxParticipations);
            _isFull = true;
            return Errno.ENOSPC;
        }
        routes = Routes(key);
        session.Participations.Add(routes, part = new Participation());
        routes.Sessions.Add(session.Node, session);
        _participations++;
        if (session.Participations.Count == 1)
            _participants++;
        return 0;
    }

    /// <summary>Stripes are for contents that have many chunks: what a small one takes is the making of connections.</summary>
    private ContentRoutes Routes(in ContentKey key)
    {
        if (!_contents.TryGetValue(key.Key, out ContentRoutes? routes))
        {
            bool isLarge = key.Size / (ulong)ChunkTable.ChunkSizeFor(key.Size) >= (ulong)(LeastPerStripe * large.Stripes);
            Front? front = isLarge && key.ChunkSize > 0 ? new Front(large.Stripes, key.Size, key.ChunkSize) : null;
            _contents.Add(key.Key, routes = new ContentRoutes(key, new DistributionTree(isLarge ? large : options), front));
        }
        return routes;
    }

    /// <summary>The workers of these addresses, and one that holds the port that the node itself claims: it may be the node.</summary>
    private RoutingNode[] Nodes(NodeSession session, IReadOnlyList<IPEndPoint> endPoints)
    {
        var nodes = new List<RoutingNode>();
        if (session.Proof.State == WorkerState.Waiting && _ports.TryGetValue(session.EndPoint, out NodeSession? holder))
            nodes.Add(holder.Node);
        foreach (IPEndPoint endPoint in endPoints)
        {
            if (_ports.TryGetValue(endPoint, out NodeSession? worker))
                nodes.Add(worker.Node);
        }
        return [.. nodes];
    }

    /// <summary>Wakes those whose routes were changed by what another did.</summary>
    private static void TellChanged(ContentRoutes routes)
    {
        while (routes.Tree.TryTakeChanged(out Member? member))
        {
            if (!routes.Sessions.TryGetValue(member.Node, out NodeSession? session) ||
                !session.Participations.TryGetValue(routes, out Participation? part))
                continue;
            part.Changes++;
            part.NextChange?.TrySetResult();
            part.NextChange = null;
        }
    }

    private static RouteLine[] Lines(ContentRoutes routes, Member member)
    {
        var lines = new RouteLine[member.Routes.Count];
        for (int i = 0; i < lines.Length; i++)
        {
            StripeRoute r = member.Routes[i];
            // A parent that left a moment ago has no address any more: the node will find the master there.
            IPEndPoint? parent = r.Parent is not null && routes.Sessions.TryGetValue(r.Parent, out NodeSession? session)
                ? session.EndPoint : null;
            lines[i] = new RouteLine(r.Stripe, r.Level, parent, routes.Front?[i] ?? 0);
        }
        return lines;
    }
}
