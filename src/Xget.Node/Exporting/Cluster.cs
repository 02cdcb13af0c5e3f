using System.Net;
using Serilog;
using Xget.Content;
using Xget.NineP;
using Xget.Node.Wire;
using Xget.Routing;

namespace Xget.Node.Exporting;

/// <summary>
/// The one owner of the master's mutable picture of the cluster: who is connected, who serves what, who reads from
/// whom. Each event is applied under one lock, a few microseconds long. All of it is soft state: it lives as long as the
/// connections and fids that made it.
/// </summary>
internal sealed partial class Cluster(RoutingOptions options, RoutingOptions large, TimeProvider time, ILogger log)
{
    private const int MostLeftOut = 32;
    private const int LeastPerStripe = 4;

    /// <summary>For so long after it came a node gives up its place to a newcomer; then it keeps it.</summary>
    private static readonly TimeSpan Newcomer = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly Dictionary<ServerConnection, NodeSession> _sessions = [];
    private readonly Dictionary<IPEndPoint, NodeSession> _workers = [];
    private readonly Dictionary<object, ContentRoutes> _contents = [];
    private int _lastId;
    private long _decisions;

    /// <summary>Called at each attach; a connection that attaches twice stays one node.</summary>
    internal NodeSession Attach(ServerConnection peer, string userName)
    {
        lock (_gate)
        {
            if (!_sessions.TryGetValue(peer, out NodeSession? session))
            {
                IPAddress address = peer.Remote is IPEndPoint ip ? HostPort.Plain(ip.Address) : IPAddress.None;
                session = new NodeSession(++_lastId, userName.Length == 0 ? address.ToString() : userName, address);
                _sessions.Add(peer, session);
            }
            return session;
        }
    }

    /// <summary>The connection is gone and its fids are closed: nothing of it is left.</summary>
    internal void Detach(ServerConnection peer)
    {
        lock (_gate)
        {
            if (!_sessions.Remove(peer, out NodeSession? session))
                return;
            foreach ((ContentRoutes routes, Participation part) in session.Participations)
            {
                // Settle removes the current entry, which does not disturb a dictionary's enumeration.
                part.Redirs = part.Avails = 0;
                Settle(session, routes, part);
            }
            session.Node.Forget();
            if (session.Port != 0 && _workers.TryGetValue(session.EndPoint, out NodeSession? owner) && owner == session)
                _workers.Remove(session.EndPoint);
        }
    }

    /// <summary>A <c>redir</c> fid is read for the first time: decides the routes and holds them.</summary>
    internal RouteLine[] Join(NodeSession session, in ContentKey key)
    {
        lock (_gate)
        {
            ContentRoutes routes = Routes(key);
            Participation part = Part(session, routes);
            part.Redirs++;
            if (part.Member is null)
            {
                _decisions++;
                if (routes.Tree.Members == 0)
                    routes.Front?.Clear();
                while (routes.Newcomers.TryPeek(out (Member Member, long Came) first) && time.GetElapsedTime(first.Came) > Newcomer)
                    routes.Tree.Advance(routes.Newcomers.Dequeue().Member);
                part.Member = routes.Tree.Join(session.Node, Nodes(part.LeftOut));
                routes.Newcomers.Enqueue((part.Member, time.GetTimestamp()));
                part.LeftOut.Clear();
                TellChanged(routes);
            }
            return Lines(routes, part.Member);
        }
    }

    /// <summary>
    /// For clients of 2009, which close <c>redir</c> at once: each call is a new decision, and the route is held until
    /// <see cref="WithdrawAndLeave"/> or the end of the connection.
    /// </summary>
    internal RouteLine JoinAnew(NodeSession session, in ContentKey key)
    {
        lock (_gate)
        {
            ContentRoutes routes = Routes(key);
            Participation part = Part(session, routes);
            if (part.Member is { } old)
                routes.Tree.Leave(old);
            _decisions++;
            part.Redirs = 1;
            part.Member = routes.Tree.Join(session.Node);
            TellChanged(routes);
            return Lines(routes, part.Member)[0];
        }
    }

    /// <summary>A client of 2009 closes the <c>avail</c> fid of a file: it is through with it.</summary>
    internal void WithdrawAndLeave(NodeSession session, object key) =>
        Release(session, key, part => part.Avails = part.Redirs = 0);

    /// <summary>
    /// Ends when the routes have been changed by what others did since there were that many changes, with how many there
    /// are now; at once if none are held.
    /// </summary>
    internal async Task<int> ChangeAsync(NodeSession session, object key, int changes, CancellationToken ct)
    {
        while (true)
        {
            Task next;
            lock (_gate)
            {
                if (!_contents.TryGetValue(key, out ContentRoutes? routes) ||
                    !session.Participations.TryGetValue(routes, out Participation? part))
                    return changes;
                if (part.Changes != changes)
                    return part.Changes;
                next = (part.NextChange ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
            await next.WaitAsync(ct);
        }
    }

    /// <summary>The routes that are held now.</summary>
    internal RouteLine[] Current(NodeSession session, object key)
    {
        lock (_gate)
        {
            return _contents.TryGetValue(key, out ContentRoutes? routes) &&
                   session.Participations.TryGetValue(routes, out Participation? part) && part.Member is { } member
                ? Lines(routes, member) : [];
        }
    }

    /// <summary>A <c>redir</c> fid that was read is closed.</summary>
    internal void Leave(NodeSession session, object key) => Release(session, key, part => part.Redirs--);

    /// <summary>
    /// The node leaves a parent out, for all stripes that it reads from it. Null is the master itself, which is asked
    /// again in its turn.
    /// </summary>
    internal void Exclude(NodeSession session, in ContentKey contentKey, IPEndPoint? parent, FailureReason reason)
    {
        object key = contentKey.Key;
        string content;
        NodeSession? failed = null;
        lock (_gate)
        {
            ContentRoutes routes = Routes(contentKey);
            Participation part = Part(session, routes);
            if (part.Member is not { } member)
            {
                if (parent is not null && part.LeftOut.Count < MostLeftOut)
                    part.LeftOut.Add(parent);
                return;
            }
            content = routes.Name;
            for (int stripe = 0; stripe < member.Routes.Count; stripe++)
            {
                StripeRoute route = member.Routes[stripe];
                NodeSession? current = route.Parent is null ? null : routes.Sessions.GetValueOrDefault(route.Parent);
                bool same = parent is null ? route.Parent is null
                    : route.Parent is not null && (current is null || current.EndPoint.Equals(parent));
                if (!same)
                    continue;
                failed ??= current;
                _decisions++;
                routes.Tree.Reroute(member, route.Stripe, route.Parent);
            }
            TellChanged(routes);
        }
        string who = parent is null ? "the master" : $"{failed?.Name ?? "a worker that left"} ({HostPort.Format(parent)})";
        if (reason == FailureReason.Corrupt)
            log.Error("{Node} got wrong bytes of {Content} from {Parent}; refused them", session.Name, content, who);
        else
            log.Warning("{Node} leaves {Parent} out for {Content}: {Reason}", session.Name, who, content, reason.Word());
    }

    /// <summary>An <c>avail</c> fid is written for the first time.</summary>
    internal void Advertise(NodeSession session, in ContentKey key, int port)
    {
        lock (_gate)
        {
            if (session.Port != port)
            {
                if (session.Port != 0 && _workers.GetValueOrDefault(session.EndPoint) == session)
                    _workers.Remove(session.EndPoint);
                session.Port = port;
                // The latest claim wins: an earlier process on that port is gone, even if its connection is not yet.
                if (_workers.TryGetValue(session.EndPoint, out NodeSession? earlier))
                    WithdrawAll(earlier);
                _workers[session.EndPoint] = session;
            }
            ContentRoutes routes = Routes(key);
            Participation part = Part(session, routes);
            if (part.Avails++ == 0)
                routes.Tree.Advertise(session.Node);
        }
    }

    /// <summary>An <c>avail</c> fid that was written is closed.</summary>
    internal void Withdraw(NodeSession session, object key) => Release(session, key, part => part.Avails = Math.Max(0, part.Avails - 1));

    private static void WithdrawAll(NodeSession session)
    {
        foreach ((ContentRoutes routes, Participation part) in session.Participations)
        {
            part.Avails = 0;
            routes.Tree.Withdraw(session.Node);
        }
    }

    /// <summary>The node says how many verified bytes it has.</summary>
    internal void Progress(NodeSession session, object key, ulong have, ulong missing)
    {
        lock (_gate)
        {
            if (_contents.TryGetValue(key, out ContentRoutes? routes) &&
                session.Participations.TryGetValue(routes, out Participation? part))
            {
                part.Have = Math.Min(have, routes.Size);
                bool isSlow = part.Pace.IsSlow(routes, time, have, missing);
                if (isSlow && StandsBelowSilent(part, routes))
                {
                    part.Pace.Excuse();
                }
                else if (isSlow && routes.Tree.Demote(session.Node))
                {
                    log.Warning("{Node} gets {Content} far more slowly than others: it serves nobody", session.Name, routes.Name);
                    DemoteElsewhere(session, routes);
                }
                TellChanged(routes);
                if (part.Have == routes.Size && part.Avails > 0)
                    routes.Tree.Complete(session.Node);
            }
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
    private static void DemoteElsewhere(NodeSession session, ContentRoutes slow)
    {
        foreach ((ContentRoutes routes, Participation part) in session.Participations)
        {
            if (routes != slow && part.Have < routes.Size && routes.Tree.Demote(session.Node))
                TellChanged(routes);
        }
    }

    /// <summary>Whether a worker of that address serves this content now.</summary>
    internal bool IsWorker(object key, IPEndPoint endPoint)
    {
        lock (_gate)
        {
            return _workers.TryGetValue(endPoint, out NodeSession? session) &&
                   _contents.TryGetValue(key, out ContentRoutes? routes) &&
                   session.Participations.TryGetValue(routes, out Participation? part) && part.Avails > 0;
        }
    }

    private void Release(NodeSession session, object key, Action<Participation> release)
    {
        lock (_gate)
        {
            if (_contents.TryGetValue(key, out ContentRoutes? routes) &&
                session.Participations.TryGetValue(routes, out Participation? part))
            {
                release(part);
                Settle(session, routes, part);
            }
        }
    }

    /// <summary>Brings the trees in line with the fids that are left.</summary>
    private void Settle(NodeSession session, ContentRoutes routes, Participation part)
    {
        if (part.Redirs <= 0 && part.Member is { } member)
        {
            part.Member = null;
            routes.Tree.Leave(member);
            TellChanged(routes);
        }
        if (part.Avails <= 0)
            routes.Tree.Withdraw(session.Node);
        if (part.Redirs > 0 || part.Avails > 0)
            return;
        session.Participations.Remove(routes);
        routes.Sessions.Remove(session.Node);
        if (routes.Sessions.Count == 0)
            _contents.Remove(routes.Key);
    }

    private RoutingNode[] Nodes(List<IPEndPoint> endPoints)
    {
        var nodes = new List<RoutingNode>();
        foreach (IPEndPoint endPoint in endPoints)
        {
            if (_workers.TryGetValue(endPoint, out NodeSession? session))
                nodes.Add(session.Node);
        }
        return [.. nodes];
    }

    /// <summary>How far those are who fetch a content; null when nobody does, or it is not known.</summary>
    internal Front? FrontOf(object key)
    {
        lock (_gate)
            return _contents.GetValueOrDefault(key)?.Front;
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

    private static Participation Part(NodeSession session, ContentRoutes routes)
    {
        if (!session.Participations.TryGetValue(routes, out Participation? part))
        {
            session.Participations.Add(routes, part = new Participation());
            routes.Sessions.Add(session.Node, session);
        }
        return part;
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
