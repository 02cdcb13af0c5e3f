using System.Net;
using Mono.Unix.Native;
using Xget.Content;
using Xget.Content.Linux;
using Xget.Content.Store;
using Xget.Node.Wire;

namespace Xget.Node.Fetching;

/// <summary>The routes of a transfer: one loop owns them and applies events one at a time.</summary>
public sealed partial class Transfer
{
    /// <summary>Failed workers that are named to a master that does not know of them (any more).</summary>
    private const int MostLeftOut = 32;

    private Registration? _registration;
    private string NotPublished => $"{Name} is not published any more by the master; run again";
    private readonly HashSet<IPEndPoint> _leftOut = [];
    private int _retries;
    private CancellationTokenRegistration _masterLost;

    /// <summary>Called about once a second: looks for stalled parents, tells the master how far we are.</summary>
    internal void Tick()
    {
        ParentLink[] now;
        lock (_gate)
            now = [.. _open];
        foreach (ParentLink link in now)
        {
            if (link.IsOverdue(_node.Options.Stall))
                link.Fail();
            else if (link.IsStalled(_node.Options.Stall) && link.Fail())
                _events.Writer.TryWrite(new RouteEvent.ParentFailed(link, FailureReason.Stalled));
        }
        if (now.Length > 0)
            _registration?.Report(Have, Missing);
        Pump(); // a stripe may have got stuck
    }

    /// <summary>The parents that verified chunks came from, for people: <c>me</c> or <c>host!port</c>.</summary>
    public IReadOnlyList<string> Sources()
    {
        lock (_gate)
            return [.. _sources];
    }

    private async Task RunAsync(ChunkTable? known, Task join)
    {
        CancellationToken ct = _stopping.Token;
        try
        {
            if (!join.IsCompleted)
                await AnnounceAsync(join, ct);
            bool routed = await BeginAsync(known, ct);
            await foreach (RouteEvent e in _events.Reader.ReadAllAsync(ct))
            {
                switch (e)
                {
                    case RouteEvent.ParentFailed(var link, var reason) when routed:
                        await ReplaceAsync(link, reason, ct);
                        break;
                    case RouteEvent.Moved(var registration, var lines) when routed && registration == _registration:
                        Apply(lines);
                        break;
                    case RouteEvent.MasterLost(var attachment) when attachment == _registration?.Attachment:
                        await JoinAsync(routed, 0, ct);
                        break;
                    case RouteEvent.Needed when !routed && HasWaiters:
                        routed = true;
                        await JoinAsync(routes: true, 0, ct);
                        break;
                    case RouteEvent.Complete when routed && Store!.Map.IsComplete:
                        routed = false;
                        await LeaveAsync();
                        if (HasWaiters)
                            _events.Writer.TryWrite(new RouteEvent.Needed()); // a chunk was lost meanwhile
                        break;
                    default:
                        break;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
        catch (Exception e)
        {
            Fail($"{Name}: {Words.Of(e)}"); // whatever it was, those who wait hear of it
        }
        _masterLost.Unregister();
        await LeaveAsync();
        if (_registration is not null)
            await _registration.ReleaseAsync();
    }

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
        if (error == 0 && _registration is null)
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
                await made.AskAsync(_node.ServicePort, routes, _leftOut, tableLength, ct);
            if (error == 0)
            {
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

    /// <summary>A parent failed: asks the master for another, until the retries are used up.</summary>
    private async Task ReplaceAsync(ParentLink link, FailureReason reason, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested(); // what was asked of it was given up by us
        if (!_links.ContainsValue(link))
            return; // replaced already
        Forget(link);
        if (++_retries > _node.Options.Retries)
        {
            Fail($"{Name}: given up after {_node.Options.Retries} retries; the last parent, " +
                 $"{(link.IsMaster ? "the master" : HostPort.Format(link.EndPoint))}, was {reason.Word()}");
            return;
        }
        _node.Counters.Retried();
        if (!link.IsMaster && _leftOut.Count < MostLeftOut)
            _leftOut.Add(link.EndPoint);
        if (reason == FailureReason.Corrupt)
            _node.Log.Error("{Name}: wrong bytes from {Parent}; refused", Name, HostPort.Format(link.EndPoint));
        if (_retries > 1 || link.IsMaster)
            await Task.Delay(Backoff.Delay(_retries, _node.Random), _node.Time, ct);
        if (_registration is null || _registration.Attachment.IsLost)
        {
            await JoinAsync(routes: true, 0, ct);
            return;
        }
        (RouteLine[] lines, Errno error) = await _registration.ExcludeAsync(link, reason, ct);
        if (error != 0)
            await JoinAsync(routes: true, 0, ct);
        else
            Apply(lines);
    }

    /// <summary>
    /// Reads from the parents of these routes from now on. What was asked of others may still come; only from those that
    /// failed it is asked again. Unless the routes are <paramref name="anew"/>: then they know nothing of earlier ones,
    /// and a former parent may be a child now, waiting for what it owes.
    /// </summary>
    private void Apply(RouteLine[] lines, bool anew = false)
    {
        IPEndPoint master = _registration!.Attachment.Master;
        lock (_gate)
        {
            if (_stripes.Length != lines.Length)
            {
                _stripes = new Stripe[lines.Length];
                for (int i = 0; i < lines.Length; i++)
                {
                    _stripes[i] = new Stripe(_node.Time)
                    {
                        Level = lines[i].Level, Front = lines[i].Front, IsPlaced = !_begun || lines[i].Front < LeastAhead,
                    };
                }
                foreach (int chunk in _waiters.Keys)
                    _stripes[Layout.Of(chunk)].First.Enqueue(chunk);
                LayStripes();
            }
        }
        foreach (ParentLink old in _links.Values.ToArray())
        {
            bool wanted = Array.Exists(lines, l => (l.Parent ?? master).Equals(old.EndPoint) && l.Parent is null == old.IsMaster);
            if (old.HasFailed || (anew && !wanted))
                Forget(old);
            else if (!wanted)
                Retire(old);
        }
        foreach (RouteLine line in lines)
        {
            (IPEndPoint EndPoint, bool IsMaster) key = (line.Parent ?? master, line.Parent is null);
            if (!_links.TryGetValue(key, out ParentLink? link))
            {
                link = new ParentLink(key.EndPoint, key.IsMaster, _node.Time);
                _links.Add(key, link);
                lock (_gate)
                    _open.Add(link);
                _ = OpenAsync(link);
            }
            bool isPlaced;
            lock (_gate)
            {
                Stripe stripe = _stripes[line.Stripe];
                (stripe.Link, stripe.Level) = (link, line.Level);
                if (link.IsMaster)
                    Place(line.Stripe, Size);
                isPlaced = stripe.IsPlaced;
            }
            if (!isPlaced)
                _ = PlaceAsync(line.Stripe, link);
        }
        Pump();
    }

    private async Task LeaveAsync()
    {
        ParentLink[] open;
        lock (_gate)
            open = [.. _open];
        foreach (ParentLink link in open)
            Forget(link);
        if (_registration is { HasRoutes: true })
        {
            _registration.Report(Have, Missing);
            await _registration.LeaveAsync();
        }
    }
}
