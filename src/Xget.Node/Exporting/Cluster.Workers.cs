using System.Net;
using Mono.Unix.Native;
using Xget.Node.Wire;

namespace Xget.Node.Exporting;

/// <summary>Who may be named as a worker: whom the master has reached at a port that nobody else holds.</summary>
internal sealed partial class Cluster
{
    private readonly Dictionary<IPEndPoint, NodeSession> _ports = [];
    private readonly Dictionary<IPAddress, PeerAddress> _hosts = [];
    private readonly Queue<PeerAddress> _idleHosts = new();
    private int _workers;

    /// <summary>An <c>avail</c> fid is written for the first time: the node is a worker as soon as the master has reached it.</summary>
    /// <param name="session">The node.</param>
    /// <param name="key">The content.</param>
    /// <param name="port">The port that it serves from.</param>
    /// <param name="isOriginal">It speaks as the tool of 2009 does.</param>
    internal Errno Advertise(NodeSession session, in ContentKey key, int port, bool isOriginal = false)
    {
        lock (_gate)
        {
            if (Part(session, key, out ContentRoutes routes, out Participation part) is var error and not 0)
                return error;
            part.Avails++;
            session.Avails++;
            session.IsOriginal = isOriginal;
            if (session.Port != port || session.Proof.State == WorkerState.Reader)
                Claim(session, port);
            else
                Prove(session);
            Offer(session, routes, part);
            return 0;
        }
    }

    /// <summary>An <c>avail</c> fid that was written is closed.</summary>
    internal void Withdraw(NodeSession session, object key) => Release(session, key, part => part.Avails = Math.Max(0, part.Avails - 1));

    /// <summary>Whether a worker of that address serves this content now.</summary>
    internal bool IsWorker(object key, IPEndPoint endPoint)
    {
        lock (_gate)
        {
            return _ports.TryGetValue(endPoint, out NodeSession? session) &&
                   TryFind(session, key, out _, out Participation? part) && part.Avails > 0;
        }
    }

    /// <summary>Whether it is a matter of a moment until it is known that a new worker can be reached.</summary>
    internal bool IsProofPending(NodeSession session)
    {
        lock (_gate)
            return session.Proof.Pending(Now) > TimeSpan.Zero;
    }

    /// <summary>Waits for that, a quarter of a second at the most.</summary>
    internal Task PendingProofAsync(NodeSession session, CancellationToken ct)
    {
        lock (_gate)
            return EitherAsync(session.Proof.Known, session.Proof.Pending(Now), ct);
    }

    private async Task EitherAsync(Task known, TimeSpan wait, CancellationToken ct)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await Task.WhenAny(known, Task.Delay(wait, time, over.Token));
        await over.CancelAsync();
        ct.ThrowIfCancellationRequested();
    }

    /// <summary>Whether the node can be reached, in the words of <c>avail</c>; waits until that is known, a few seconds at the most.</summary>
    internal async Task<string> ReachableAsync(NodeSession session, CancellationToken ct)
    {
        Task known;
        lock (_gate)
            known = session.Proof.Known;
        if (!known.IsCompleted)
            await EitherAsync(known, LongestProof, ct);
        lock (_gate)
            return session.Serves ? "reachable\n" : $"unreachable {session.Proof.Reason}\n";
    }

    private static readonly TimeSpan LongestProof = TimeSpan.FromSeconds(5);

    /// <summary>Brings one content's trees in line with whether the node serves it.</summary>
    private static void Offer(NodeSession session, ContentRoutes routes, Participation part)
    {
        bool isOffered = session.Serves && part.Avails > 0;
        if (isOffered == part.IsOffered)
            return;
        part.IsOffered = isOffered;
        if (isOffered)
        {
            routes.Tree.Advertise(session.Node);
            if (part.Have == routes.Size)
                routes.Tree.Complete(session.Node);
        }
        else
        {
            routes.Tree.Withdraw(session.Node);
        }
        TellChanged(routes);
    }

    /// <summary>The node serves from that port from now on, if nobody else of its address does.</summary>
    private void Claim(NodeSession session, int port)
    {
        Unclaim(session);
        session.Port = port;
        session.Proof.Claim(Now);
        Place(session);
    }

    private void Place(NodeSession session)
    {
        PeerAddress host = session.Host;
        // Who holds a port keeps it as long as its connection lives: another process must not silence it.
        if (_ports.TryAdd(session.EndPoint, session))
        {
            Try(session);
        }
        else if (host.Waiting.Count < PeerAddress.MaxUnproven)
        {
            host.Waiting.Add(session);
            session.Proof.Stop(WorkerState.Waiting, "an earlier connection of this address holds the port");
        }
        else
        {
            session.Proof.Stop(WorkerState.Reader, "too many connections of this address wait for a port");
        }
    }

    private void Try(NodeSession session)
    {
        PeerAddress host = session.Host;
        if (host.Unproven < PeerAddress.MaxUnproven)
        {
            host.Unproven++;
            session.Proof.Begin(host.Blames.GetValueOrDefault(session.Port)?.Until ?? TimeSpan.Zero);
            Prove(session);
        }
        else
        {
            host.Crowded.Add(session);
            session.Proof.Stop(WorkerState.Crowded, "other workers of this address that cannot be reached come first");
        }
    }

    /// <summary>The node serves nobody any more, and who waits for its port, or its place among the unproven, has it.</summary>
    private void Unclaim(NodeSession session)
    {
        if (session.Port == 0)
            return;
        PeerAddress host = session.Host;
        bool served = session.Serves;
        GiveUpPlace(session);
        host.Crowded.Remove(session);
        host.Waiting.Remove(session);
        if (_ports.GetValueOrDefault(session.EndPoint) == session)
        {
            _ports.Remove(session.EndPoint);
            if (host.Waiting.Find(w => w.Port == session.Port) is { } next)
            {
                host.Waiting.Remove(next);
                next.Proof.Claim(Now);
                Place(next);
            }
        }
        session.Port = 0;
        session.Proof.Stop(WorkerState.Reader, "it serves nobody");
        Served(session, served);
    }

    private void GiveUpPlace(NodeSession session)
    {
        if (!session.Proof.TakesPlace)
            return;
        session.Host.Unproven--;
        if (session.Host.Crowded is [{ } next, ..])
        {
            session.Host.Crowded.RemoveAt(0);
            Try(next);
        }
    }

    /// <summary>Tells the trees if it serves and did not, or the other way round.</summary>
    private void Served(NodeSession session, bool before)
    {
        if (session.Serves == before)
            return;
        _workers += before ? -1 : 1;
        if (!session.IsGone)
            OnAll(session, Restate);
    }

    private void Prove(NodeSession session)
    {
        if (session.Proving is null && session.Proof.NeedsProbe && session.Avails > 0 && !session.IsGone)
            _ = ProveAsync(session, session.Proving = new CancellationTokenSource());
    }

    private async Task ProveAsync(NodeSession session, CancellationTokenSource ended)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            while (Next(session, out IPEndPoint worker, out TimeSpan wait))
            {
                if (wait > TimeSpan.Zero)
                    await Task.Delay(wait, time, ended.Token);
                else
                    Probed(session, worker, await probe.ReachAsync(worker, session.IsOriginal, ended.Token));
            }
        }
        catch (OperationCanceledException)
        {
            // The connection has ended.
        }
    }

    /// <summary>Which probe comes next, and when; false if none.</summary>
    private bool Next(NodeSession session, out IPEndPoint worker, out TimeSpan wait)
    {
        lock (_gate)
        {
            worker = session.EndPoint;
            wait = session.Proof.Due - Now;
            bool goesOn = session.Proof.NeedsProbe && session.Avails > 0 && !session.IsGone;
            if (!goesOn)
                session.Proving = null;
            return goesOn;
        }
    }

    private void Probed(NodeSession session, IPEndPoint worker, string? reason)
    {
        lock (_gate)
        {
            if (session.IsGone || !session.EndPoint.Equals(worker) || !session.Proof.NeedsProbe)
                return;
            bool served = session.Serves;
            string address = HostPort.Format(worker);
            if (reason is null)
            {
                bool isAnew = session.Proof.State == WorkerState.Unproven && !session.Proof.TakesPlace;
                GiveUpPlace(session);
                session.Proof.Reached(Now);
                if (isAnew)
                    log.Information("{Node} ({Address}) can be reached again", session.Name, address);
            }
            else
            {
                WorkerBlame? blame = session.Host.Blames.GetValueOrDefault(session.Port);
                TimeSpan? pause = blame is not null && !blame.IsForgotten(Now) && !session.Proof.TakesPlace ? blame.NextPause(Now) : null;
                if (session.Proof.Failed(reason, Now, pause))
                    log.Warning("{Node} ({Address}) cannot be reached from here ({Reason}): it serves nobody", session.Name, address, reason);
            }
            Served(session, served);
        }
    }

    private PeerAddress Host(IPAddress address)
    {
        while (_idleHosts.TryPeek(out PeerAddress? idle) && (idle.Sessions > 0 || !idle.IsRemembered(Now)))
        {
            _idleHosts.Dequeue();
            if (idle.Sessions == 0 && _hosts.GetValueOrDefault(idle.Address) == idle)
                _hosts.Remove(idle.Address);
        }
        if (!_hosts.TryGetValue(address, out PeerAddress? host))
            _hosts.Add(address, host = new PeerAddress(++_lastId, address));
        return host;
    }

    private void ForgetIfIdle(PeerAddress host)
    {
        if (host.Sessions > 0)
            return;
        if (host.IsRemembered(Now))
            _idleHosts.Enqueue(host);
        else
            _hosts.Remove(host.Address);
    }
}
