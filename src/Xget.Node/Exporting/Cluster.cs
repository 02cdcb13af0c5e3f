using System.Net;
using Mono.Unix.Native;
using Serilog;
using Xget.NineP;
using Xget.Node.Wire;
using Xget.Routing;

namespace Xget.Node.Exporting;

/// <summary>
/// The one owner of the master's mutable picture of the cluster: who is connected, who serves what, who reads from
/// whom. Each event is applied under one lock, a few microseconds long; what concerns many contents is applied in slices. All of
/// it is soft state: it lives as long as the connections and fids that made it.
/// </summary>
internal sealed partial class Cluster(RoutingOptions options, RoutingOptions large, WorkerProbe probe, TimeProvider time, ILogger log)
{
    private const int LeastPerStripe = 4;

    /// <summary>Contents that one connection may take part in; more give EMFILE.</summary>
    internal const int MaxContents = 1 << 16;

    /// <summary>The same of all connections together; more give ENOSPC.</summary>
    internal const int MaxParticipations = 4 << 20;

    /// <summary>Contents of one connection that are dealt with while the lock is held once.</summary>
    private const int MaxSlice = 128;

    /// <summary>For so long after it came a node gives up its place to a newcomer; then it keeps it.</summary>
    private static readonly TimeSpan Newcomer = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly long _begun = time.GetTimestamp();
    private readonly Dictionary<ServerConnection, NodeSession> _sessions = [];
    private readonly Dictionary<object, ContentRoutes> _contents = [];
    private int _lastId;
    private int _participations;
    private int _participants;
    private int _routesHeld;
    private long _decisions;
    private bool _isFull;

    private TimeSpan Now => time.GetElapsedTime(_begun);

    /// <summary>Called at each attach; a connection that attaches twice stays one node.</summary>
    internal NodeSession Attach(ServerConnection peer, string userName)
    {
        lock (_gate)
        {
            if (!_sessions.TryGetValue(peer, out NodeSession? session))
            {
                PeerAddress host = Host(peer.Remote is IPEndPoint ip ? HostPort.Plain(ip.Address) : IPAddress.None);
                host.Sessions++;
                session = new NodeSession(++_lastId, userName.Length == 0 ? host.Text : userName, host);
                _sessions.Add(peer, session);
            }
            return session;
        }
    }

    /// <summary>The connection is gone and its fids are closed: nothing of it is left.</summary>
    internal void Detach(ServerConnection peer)
    {
        CancellationTokenSource? proving;
        lock (_gate)
        {
            if (!_sessions.Remove(peer, out NodeSession? session))
                return;
            session.IsGone = true;
            proving = session.Proving;
            Unclaim(session);
            OnAll(session, Restate);
            session.Node.Forget();
            session.Host.Sessions--;
            ForgetIfIdle(session.Host);
        }
        proving?.Cancel();
    }

    /// <summary>
    /// A <c>redir</c> fid is read for the first time: decides the routes and holds them. <paramref name="leaveOut"/> are workers
    /// that failed the node before. EMFILE or ENOSPC: there are too many.
    /// </summary>
    internal Errno Join(NodeSession session, in ContentKey key, IReadOnlyList<IPEndPoint> leaveOut, out RouteLine[] lines)
    {
        lock (_gate)
        {
            lines = [];
            if (Part(session, key, out ContentRoutes routes, out Participation part) is var error and not 0)
                return error;
            part.Redirs++;
            if (part.Member is null)
            {
                if (routes.Tree.Members == 0)
                    routes.Front?.Clear();
                while (routes.Newcomers.TryPeek(out (Member Member, long Came) first) && time.GetElapsedTime(first.Came) > Newcomer)
                    routes.Tree.Advance(routes.Newcomers.Dequeue().Member);
                Decide(session, routes, part, Nodes(session, leaveOut));
                routes.Newcomers.Enqueue((part.Member!, time.GetTimestamp()));
            }
            lines = Lines(routes, part.Member!);
            return 0;
        }
    }

    /// <summary>
    /// For clients of 2009, which close <c>redir</c> at once: each call is a new decision, and the route is held until
    /// <see cref="WithdrawAndLeave"/> or the end of the connection.
    /// </summary>
    internal Errno JoinAnew(NodeSession session, in ContentKey key, out RouteLine line)
    {
        lock (_gate)
        {
            line = default;
            if (Part(session, key, out ContentRoutes routes, out Participation part) is var error and not 0)
                return error;
            Leave(session, routes, part);
            part.Redirs = 1;
            Decide(session, routes, part, Nodes(session, []));
            line = Lines(routes, part.Member!)[0];
            return 0;
        }
    }

    private void Decide(NodeSession session, ContentRoutes routes, Participation part, RoutingNode[] leaveOut)
    {
        _decisions++;
        Forgive(session);
        part.Member = routes.Tree.Join(session.Node, leaveOut);
        _routesHeld += part.Member.Routes.Count;
        routes.Readers[session.Host] = routes.Readers.GetValueOrDefault(session.Host) + 1;
        TellChanged(routes);
    }

    private void Leave(NodeSession session, ContentRoutes routes, Participation part)
    {
        if (part.Member is not { } member)
            return;
        part.Member = null;
        _routesHeld -= member.Routes.Count;
        if (--routes.Readers[session.Host] == 0)
            routes.Readers.Remove(session.Host);
        routes.Tree.Leave(member);
        TellChanged(routes);
    }

    /// <summary>A client of 2009 closes the <c>avail</c> fid of a file: it is through with it.</summary>
    internal void WithdrawAndLeave(NodeSession session, object key) => Release(session, key, part => part.Avails = part.Redirs = 0);

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
                if (!TryFind(session, key, out _, out Participation? part))
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
            return TryFind(session, key, out ContentRoutes? routes, out Participation? part) && part.Member is { } member
                ? Lines(routes, member) : [];
        }
    }

    /// <summary>A <c>redir</c> fid that was read is closed.</summary>
    internal void Leave(NodeSession session, object key) => Release(session, key, part => part.Redirs--);

    private void Release(NodeSession session, object key, Action<Participation> release)
    {
        lock (_gate)
        {
            if (TryFind(session, key, out ContentRoutes? routes, out Participation? part))
            {
                int avails = part.Avails;
                release(part);
                session.Avails -= avails - part.Avails;
                Settle(session, routes, part);
                if (session.Avails == 0 && !session.Serves)
                    Unclaim(session);
            }
        }
    }

    /// <summary>Brings the trees in line with the fids that are left.</summary>
    private void Settle(NodeSession session, ContentRoutes routes, Participation part)
    {
        if (part.Redirs <= 0)
            Leave(session, routes, part);
        Offer(session, routes, part);
        if (part.Redirs > 0 || part.Avails > 0)
            return;
        session.Participations.Remove(routes);
        _participations--;
        if (session.Participations.Count == 0)
            _participants--;
        routes.Sessions.Remove(session.Node);
        if (routes.Sessions.Count == 0)
            _contents.Remove(routes.Key);
    }

    /// <summary>What came of the connection, or of the worker's proof, for one content.</summary>
    private void Restate(NodeSession session, ContentRoutes routes, Participation part)
    {
        if (session.IsGone)
            part.Redirs = part.Avails = 0;
        Settle(session, routes, part);
    }

    /// <summary>Does something for each content of a connection: at once if there are few, else in slices, so that the lock is held
    /// for a few milliseconds at the most.</summary>
    private void OnAll(NodeSession session, Action<NodeSession, ContentRoutes, Participation> apply)
    {
        KeyValuePair<ContentRoutes, Participation>[] all = [.. session.Participations];
        if (all.Length <= MaxSlice)
            OnSlice(session, all, apply);
        else
            _ = OnSlicesAsync(session, all, apply);
    }

    private async Task OnSlicesAsync(NodeSession session, ReadOnlyMemory<KeyValuePair<ContentRoutes, Participation>> all,
        Action<NodeSession, ContentRoutes, Participation> apply)
    {
        for (; !all.IsEmpty; all = all[Math.Min(MaxSlice, all.Length)..])
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            lock (_gate)
                OnSlice(session, all.Span[..Math.Min(MaxSlice, all.Length)], apply);
        }
    }

    private static void OnSlice(NodeSession session, ReadOnlySpan<KeyValuePair<ContentRoutes, Participation>> slice,
        Action<NodeSession, ContentRoutes, Participation> apply)
    {
        foreach ((ContentRoutes routes, Participation part) in slice)
        {
            if (session.Participations.GetValueOrDefault(routes) == part)
                apply(session, routes, part);
        }
    }

    /// <summary>How far those are who fetch a content, for a connection of one of them; null for others, or where it is not known.</summary>
    internal Front? FrontOf(object key, NodeSession session)
    {
        lock (_gate)
            return _contents.GetValueOrDefault(key) is { Front: { } front } routes && routes.Readers.ContainsKey(session.Host) ? front : null;
    }
}
