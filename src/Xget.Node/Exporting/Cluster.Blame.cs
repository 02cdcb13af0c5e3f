using System.Net;
using Xget.Node.Wire;
using Xget.Routing;

namespace Xget.Node.Exporting;

/// <summary>Workers that fail others, on the word of two addresses, and of one if the master finds the same.</summary>
internal sealed partial class Cluster
{
    /// <summary>How long a node is not sent to a worker that it has reported, in any content.</summary>
    private static readonly TimeSpan Avoidance = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The node leaves a parent out, for all stripes that it reads from it. Null is the master itself, which is asked
    /// again in its turn.
    /// </summary>
    internal void Exclude(NodeSession session, in ContentKey contentKey, IPEndPoint? parent, FailureReason reason)
    {
        NodeSession? failed = null;
        bool isHeard;
        lock (_gate)
        {
            if (!TryFind(session, contentKey.Key, out ContentRoutes? routes, out Participation? part) || part.Member is not { } member)
                return;
            foreach (StripeRoute route in member.Routes)
            {
                if (Reads(routes, route, parent, out NodeSession? current))
                    failed ??= current;
            }
            isHeard = session.Host.Word.IsHeard(Now);
            if (failed is not null)
            {
                session.Node.Avoid(failed.Node);
                session.Reported.Enqueue((failed.Node, Now));
                isHeard = Report(session, failed);
            }
            for (int stripe = 0; stripe < member.Routes.Count; stripe++)
            {
                StripeRoute route = member.Routes[stripe];
                if (!Reads(routes, route, parent, out _))
                    continue;
                _decisions++;
                routes.Tree.Reroute(member, stripe, route.Parent, isHeard);
            }
            TellChanged(routes);
        }
        if (!isHeard)
            return; // that its word does not count stands in the log
        string who = parent is null ? "the master" : $"{failed?.Name ?? "a worker that left"} ({HostPort.Format(parent)})";
        if (reason == FailureReason.Corrupt)
            log.Error("{Node} got wrong bytes of {Content} from {Parent}; refused them", session.Name, contentKey.Name, who);
        else
            log.Warning("{Node} leaves {Parent} out for {Content}: {Reason}", session.Name, who, contentKey.Name, reason.Word());
    }

    private static bool Reads(ContentRoutes routes, in StripeRoute route, IPEndPoint? parent, out NodeSession? current)
    {
        current = route.Parent is null ? null : routes.Sessions.GetValueOrDefault(route.Parent);
        return parent is null ? route.Parent is null
            : route.Parent is not null && (current is null || current.EndPoint.Equals(parent));
    }

    /// <summary>A node reports its parent; false if its word counts for nothing.</summary>
    private bool Report(NodeSession session, NodeSession failed)
    {
        PeerAddress reporter = session.Host;
        if (!reporter.Word.IsHeard(Now))
            return false;
        WorkerBlame blame = BlameOf(failed);
        if (!reporter.Word.Blames(blame, Now, out IReadOnlyList<WorkerBlame> retracted))
        {
            foreach (WorkerBlame other in retracted)
                other.Retract(reporter);
            log.Warning("{Node} ({Address}) reports {Count} workers within seconds: it is itself in trouble, and its word counts for nothing for a minute",
                session.Name, reporter.Text, retracted.Count);
            return false;
        }
        if (blame.Report(reporter, Now) is { } other2)
            Suspend(failed, blame, session, other2);
        else if (failed.Proof.Check(Now))
            Prove(failed);
        return true;
    }

    private void Suspend(NodeSession failed, WorkerBlame blame, NodeSession reporter, PeerAddress other)
    {
        if (!failed.Serves)
            return;
        TimeSpan pause = blame.NextPause(Now);
        log.Warning("{Worker} ({Address}) fails {Node} ({Reporter}) and {Other}: it serves nobody until it is reached again, not before {Seconds} s",
            failed.Name, HostPort.Format(failed.EndPoint), reporter.Name, reporter.Host.Text, other.Text, (int)pause.TotalSeconds);
        failed.Proof.Suspend(Now, pause);
        Served(failed, before: true);
        Prove(failed);
    }

    private WorkerBlame BlameOf(NodeSession worker)
    {
        Dictionary<int, WorkerBlame> blames = worker.Host.Blames;
        if (!blames.TryGetValue(worker.Port, out WorkerBlame? blame))
        {
            // Those of ports that nobody was sent to for long.
            List<int> forgotten = [];
            foreach ((int port, WorkerBlame old) in blames)
            {
                if (old.IsForgotten(Now))
                    forgotten.Add(port);
            }
            forgotten.ForEach(port => blames.Remove(port));
            blames.Add(worker.Port, blame = new WorkerBlame());
        }
        return blame;
    }

    /// <summary>What the node reported long ago may be given to it again.</summary>
    private void Forgive(NodeSession session)
    {
        while (session.Reported.TryPeek(out (RoutingNode Worker, TimeSpan At) first) &&
               (Now - first.At > Avoidance || session.Reported.Count > RoutingNode.MaxAvoided))
            session.Node.Forgive(session.Reported.Dequeue().Worker);
    }
}
