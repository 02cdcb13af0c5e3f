using System.Net;
using Mono.Unix.Native;
using Xget.Content;
using Xget.Content.Linux;
using Xget.Node.Wire;

namespace Xget.Node.Fetching;

/// <summary>The routes of a transfer: one loop owns them and applies events one at a time.</summary>
public sealed partial class Transfer
{
    /// <summary>Failed workers that are named to a master that does not know of them (any more).</summary>
    private const int MostLeftOut = 32;

    /// <summary>Workers that fail one after the other, while nothing comes, before the master alone is read from.</summary>
    private const int MaxWorkersInARow = 20;

    private Registration? _registration;
    private string NotPublished => $"{Name} is not published any more by the master; run again";
    private readonly HashSet<IPEndPoint> _leftOut = [];
    private int _retries;
    private bool _masterOnly;
    private bool _isActive;
    private CancellationTokenRegistration _masterLost;

    /// <summary>Called a few times a second while the transfer is active: looks for parents that bring nothing.</summary>
    /// <param name="report">Tell the master how far this node is: about once a second.</param>
    internal void Tick(bool report)
    {
        ParentLink[] now;
        int chunkSize;
        lock (_gate)
        {
            now = [.. _open];
            chunkSize = _table?.ChunkSize ?? ChunkTable.SmallestChunk;
            if (now.Length == 0 && _waiters.Count == 0 && (_failed || _finished.Task.IsCompleted))
            {
                _isActive = false;
                _node.Active.TryRemove(new(this, true));
                return;
            }
        }
        foreach (ParentLink link in now)
        {
            if (link.IsOverdue(_node.Options.Stall))
                link.Fail();
            else if (link.IsStalled(_node.Options.Stall, chunkSize))
                Lose(link, FailureReason.Stalled);
        }
        if (report && now.Length > 0)
            _registration?.Report(Have, Missing);
        if (report)
            TellLongWait();
        OpenHedge();
        Pump(); // a stripe may have got stuck
    }

    /// <summary>From here on it is looked at a few times a second, until nothing is asked for or waited for. Under the lock.</summary>
    private void Activate()
    {
        if (_isActive)
            return;
        _isActive = true;
        (_lastCame, _isTold) = (_node.Time.GetTimestamp(), false);
        _node.Active.TryAdd(this, true);
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

    /// <summary>A parent failed: asks the master for another, until the retries are used up.</summary>
    private async Task ReplaceAsync(ParentLink link, FailureReason reason, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested(); // what was asked of it was given up by us
        if (!_links.ContainsValue(link))
        {
            ForgetHedge(link);
            return; // replaced already
        }
        // A frame that comes byte by byte would hold its chunks until it is whole.
        if (reason == FailureReason.Stalled && !link.IsMaster && link.Client is { } client)
            _ = client.DisposeAsync().AsTask();
        Forget(link);
        int retries = Interlocked.Increment(ref _retries);
        if (link.IsMaster && retries > _node.Options.Retries)
        {
            Fail($"{Name}: given up after {_node.Options.Retries} retries; the last parent, the master, was {reason.Word()}");
            return;
        }
        if (!link.IsMaster && retries > Math.Min(_node.Options.Retries, MaxWorkersInARow))
        {
            _node.Log.Warning("{Name}: {Count} workers failed one after the other: it comes from the master alone", Name, retries);
            _masterOnly = true;
            Volatile.Write(ref _retries, 0);
        }
        _node.Counters.Retried();
        if (!link.IsMaster)
        {
            _node.Failed.Failed(link.EndPoint, holdsBack: reason is FailureReason.Stalled or FailureReason.Corrupt || link.TimedOut);
            if (_leftOut.Count < MostLeftOut)
                _leftOut.Add(link.EndPoint);
        }
        if (reason == FailureReason.Corrupt)
            _node.Log.Error("{Name}: wrong bytes from {Parent}; refused", Name, HostPort.Format(link.EndPoint));
        if (link.IsMaster)
            await Task.Delay(Backoff.Delay(retries, _node.Random), _node.Time, ct);
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
        lines = Array.ConvertAll(lines, l => l.Parent is { } worker && (_masterOnly || _node.Failed.IsUntried(worker)) ? l with { Parent = null } : l);
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
                {
                    _open.Add(link);
                    Activate();
                }
                if (!link.IsMaster && _node.Failed.IsAvoided(link.EndPoint))
                    Lose(link, FailureReason.Lost);
                else
                    _ = OpenAsync(link);
            }
            link.Level = Math.Min(link.Level, line.Level);
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
        {
            open = [.. _open];
            _hedge = null;
        }
        foreach (ParentLink link in open)
            Forget(link);
        if (_registration is { HasRoutes: true })
        {
            _registration.Report(Have, Missing);
            await _registration.LeaveAsync();
        }
    }
}
