using System.Net;
using Mono.Unix.Native;
using Xget.Content;
using Xget.Content.Linux;
using Xget.Content.Store;
using Xget.Node.Wire;

namespace Xget.Node.Fetching;

/// <summary>How a transfer registers at the master: announced, then joined, and joined anew when that is lost.</summary>
public sealed partial class Transfer
{
    /// <summary>
    /// Says that this node will have the content, until it is time to join or somebody reads here: so the others find it
    /// where it was in the content before, whoever of them joins first.
    /// </summary>
    private async Task AnnounceAsync(Task join, CancellationToken ct)
    {
        if (_node.ServicePort > 0 && (await _node.Master.GetAsync(ct)).Attachment is { } attachment)
        {
            _registration = new Registration(attachment, Digest);
            if ((await _registration.AskAsync(_node.ServicePort, routes: false, [], tableLength: 0, ct)).Error != 0)
                _registration = null;
            else
                _ = TellReachAsync(_registration);
        }
        await Task.WhenAny(join, _needed.Task).WaitAsync(ct);
    }

    /// <summary>Gets routes, table and store, and begins to read; true when routes are held.</summary>
    private async Task<bool> BeginAsync(ChunkTable? known, CancellationToken ct)
    {
        known ??= await GetTableAsync(ct);
        if (known is null)
            return false;
        (Errno error, StoredContent? store) = await _openStore(known, ct);
        if (error == 0)
            error = Prepare(known, store!);
        if (error != 0)
        {
            Fail($"cannot write {Name}: {Words.Of(error)}");
            if (Store is null)
                store?.Dispose();
        }
        else if (Store!.Map.IsComplete)
            _events.Writer.TryWrite(new RouteEvent.Complete());
        // One that was announced, and whose table was known, has asked for no routes yet.
        if (error == 0 && _registration is not { HasRoutes: true })
            await JoinAsync(routes: !Store!.Map.IsComplete, 0, ct);
        Pump();
        return _registration is { HasRoutes: true };
    }

    /// <summary>Registers at the master and opens the parents it names; the chunk table when it came along.</summary>
    private async Task<byte[]?> JoinAsync(bool routes, int tableLength, CancellationToken ct)
    {
        for (int attempt = 0; attempt <= _node.Options.Retries; attempt++)
        {
            (MasterLink.Attachment? attachment, string? reason) = await _node.Master.GetAsync(ct);
            if (attachment is null)
            {
                Fail($"{Name}: the master cannot be reached: {reason}");
                return null;
            }
            if (_registration is not { IsAnnouncement: true } made || made.Attachment != attachment)
            {
                if (_registration is { Attachment.IsLost: false } old)
                    await old.ReleaseAsync();
                _registration = made = new Registration(attachment, Digest);
            }
            (RouteLine[] lines, byte[]? table, Errno error) =
                await made.AskAsync(_node.ServicePort, routes, LeftOut(), tableLength, ct);
            if (error == 0)
            {
                _ = TellReachAsync(made);
                if (Store is not null)
                    made.Report(Have, Missing);
                // Who registers on a connection hears of its end; the loop asks again then.
                _masterLost.Unregister();
                _masterLost = attachment.Client.Closed.UnsafeRegister(_ => _events.Writer.TryWrite(new RouteEvent.MasterLost(attachment)), null);
                if (routes)
                    Apply(lines, anew: true);
                if (lines.Length > 1)
                    _ = made.FollowAsync(_events.Writer);
                return table;
            }
            _registration = null;
            if (error == Errno.ENOENT)
            {
                Fail(NotPublished, Errno.ESTALE);
                return null;
            }
            await Task.Delay(Backoff.Delay(attempt + 1, _node.Random), _node.Time, ct);
        }
        Fail($"{Name}: the master does not answer");
        return null;
    }

    /// <summary>Workers that are not wanted as parents: those that failed here, and those that failed other contents of this node.</summary>
    private HashSet<IPEndPoint> LeftOut()
    {
        HashSet<IPEndPoint> parents = [.. _leftOut];
        _node.Failed.AddTo(parents, MostLeftOut);
        return parents;
    }

    /// <summary>The master tries once whether others can reach this node; if not, whoever looks after it is told so.</summary>
    private async Task TellReachAsync(Registration registration)
    {
        if (_node.ServicePort > 0 && registration.Attachment.IsFirstToAsk() && await registration.ReachAsync() is { } reason)
        {
            _node.Log.Warning("no other node can connect to this one at port {Port} ({Reason:l}): it serves nobody; is a firewall in between?",
                _node.ServicePort, reason);
        }
    }
}
