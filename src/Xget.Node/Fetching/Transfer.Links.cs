using System.Net;
using Mono.Unix.Native;
using Xget.NineP;
using Xget.Node.Wire;

namespace Xget.Node.Fetching;

/// <summary>The parents of a transfer: opened, retired when routes move, forgotten when they fail. The event loop owns them.</summary>
public sealed partial class Transfer
{
    private readonly Dictionary<(IPEndPoint EndPoint, bool IsMaster), ParentLink> _links = [];

    /// <summary>Those and the retired ones that still owe something. Under the lock.</summary>
    private readonly List<ParentLink> _open = [];

    /// <summary>Opens the content's data at a parent, and reads from it at once.</summary>
    private async Task OpenAsync(ParentLink link)
    {
        try
        {
            (NinePClient? client, string? reason) = await _node.Parents.AcquireAsync(link.EndPoint, link.IsMaster, link.Cancelled);
            if (client is null)
            {
                link.TimedOut = reason?.StartsWith(Dialer.NoAnswer, StringComparison.Ordinal) == true;
                _node.Log.Debug("{Name}: {Parent}: {Reason}", Name, HostPort.Format(link.EndPoint), reason);
            }
            else if (await OpenDataAsync(link, client))
                return;
        }
        catch (OperationCanceledException)
        {
            return; // not needed any more
        }
        Lose(link, FailureReason.Refused);
    }

    /// <summary>Nothing can be read from a parent any more: the event loop asks for another.</summary>
    private void Lose(ParentLink link, FailureReason reason)
    {
        if (link.Fail())
            _events.Writer.TryWrite(new RouteEvent.ParentFailed(link, reason));
    }

    /// <summary>The master as it was asked beside the parents.</summary>
    private void ForgetHedge(ParentLink link)
    {
        lock (_gate)
        {
            if (_hedge != link)
                return;
            _hedge = null;
        }
        Close(link);
    }

    /// <summary>The first reads leave with the open; if that is refused they fail with it.</summary>
    private async Task<bool> OpenDataAsync(ParentLink link, NinePClient client)
    {
        uint fid = client.NewFid();
        Task<Reply<Qid[]>> walk;
        using (client.Burst())
        {
            walk = client.WalkAsync(MasterLink.RootFid, fid, Registration.Path(Digest, Names.Data)).AsTask();
            _ = client.OpenAsync(fid, OpenFlags.O_RDONLY).AsTask();
            bool closed;
            lock (_gate)
            {
                closed = !_open.Contains(link);
                if (!closed)
                    link.Opened(client, fid);
            }
            if (closed)
            {
                _ = CloseAsync(link, client, fid);
                return true;
            }
            Pump();
        }
        Reply<Qid[]> walked = await walk;
        if (link.IsMaster && walked.Error == Errno.ENOENT)
            Fail(NotPublished, Errno.ESTALE);
        return walked.Ok;
    }

    /// <summary>A parent that failed: what it owes is asked for elsewhere.</summary>
    private void Forget(ParentLink link)
    {
        link.Fail();
        Detach(link);
        Close(link);
    }

    /// <summary>A parent that is not needed any more may still give what was asked for.</summary>
    private void Retire(ParentLink link)
    {
        Detach(link);
        bool close;
        lock (_gate)
        {
            link.Retire();
            close = link.Outstanding == 0;
        }
        if (close)
            Close(link);
    }

    private void Detach(ParentLink link)
    {
        if (_links.TryGetValue((link.EndPoint, link.IsMaster), out ParentLink? known) && known == link)
            _links.Remove((link.EndPoint, link.IsMaster));
        lock (_gate)
        {
            foreach (Stripe stripe in _stripes)
            {
                if (stripe.Link == link)
                    stripe.Link = null;
            }
        }
    }

    private void Close(ParentLink link)
    {
        lock (_gate)
        {
            if (!_open.Remove(link))
                return;
        }
        if (link.Client is { } client)
            _ = CloseAsync(link, client, link.DataFid);
        else
            link.Fail();
    }

    /// <summary>Nobody waits for it: a parent that has stalled does not answer this either.</summary>
    private async Task CloseAsync(ParentLink link, NinePClient client, uint fid)
    {
        if (!client.Closed.IsCancellationRequested)
            await client.ClunkAsync(fid);
        if (link.TryOpening is { } opening && await opening && !client.Closed.IsCancellationRequested)
            await client.ClunkAsync(link.TryFid);
        await _node.Parents.ReleaseAsync(link.EndPoint, client);
    }
}
