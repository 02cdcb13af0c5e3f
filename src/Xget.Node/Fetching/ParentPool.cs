using System.Net;
using Xget.NineP;
using Xget.Node.Wire;

namespace Xget.Node.Fetching;

/// <summary>
/// The node's data connections: one per parent, whatever the number of contents read over it. A parent that nobody uses
/// any more is let go after a moment. Thread-safe.
/// </summary>
internal sealed class ParentPool(NodeOptions options, ITransport transport, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan KeepIdle = TimeSpan.FromSeconds(2);

    /// <summary>A worker that does not take a connection for this time is left out: one lost packet is sent again after a second.</summary>
    private static readonly TimeSpan WorkerConnectTime = TimeSpan.FromSeconds(1.5);

    private readonly Lock _gate = new();
    private readonly Dictionary<IPEndPoint, Parent> _parents = [];
    private readonly CancellationTokenSource _closing = new();

    private sealed class Parent(Task<(NinePClient? Client, string? Reason)> connecting)
    {
        internal Task<(NinePClient? Client, string? Reason)> Connecting { get; } = connecting;
        internal int Users { get; set; }
        internal long IdleSince { get; set; }

        internal bool IsLost => Connecting.IsCompletedSuccessfully &&
                                Connecting.Result.Client is not { Closed.IsCancellationRequested: false };
    }

    /// <summary>The parents that are in use, for people.</summary>
    internal string[] Names()
    {
        var names = new List<string>();
        lock (_gate)
        {
            foreach ((IPEndPoint endPoint, Parent parent) in _parents)
            {
                if (parent.Users > 0)
                    names.Add(HostPort.Format(endPoint));
            }
        }
        return [.. names];
    }

    /// <summary>
    /// A connection to that parent, shared; null with a reason when it cannot be made. A new one may be used at once, while
    /// the parent has yet to answer who it is: if it turns out to be no parent the connection is lost. Each success is
    /// given back by <see cref="ReleaseAsync(IPEndPoint, NinePClient)"/>.
    /// </summary>
    internal async ValueTask<(NinePClient? Client, string? Reason)> AcquireAsync(IPEndPoint endPoint, bool isMaster, CancellationToken ct)
    {
        Parent? parent;
        lock (_gate)
        {
            if (!_parents.TryGetValue(endPoint, out parent) || parent.IsLost)
            {
                parent = new Parent(ConnectAsync(endPoint, isMaster || options.RequestTimeout < WorkerConnectTime
                    ? options.RequestTimeout : WorkerConnectTime));
                _parents[endPoint] = parent;
            }
            parent.Users++;
        }
        (NinePClient? client, string? reason) = (null, "closing");
        try
        {
            (client, reason) = await parent.Connecting.WaitAsync(ct);
        }
        finally
        {
            if (client is null)
                await ReleaseAsync(endPoint, parent);
        }
        return (client, reason);
    }

    private async Task<(NinePClient? Client, string? Reason)> ConnectAsync(IPEndPoint endPoint, TimeSpan limit)
    {
        (NinePClient? client, Task<Reply<Qid>> attaching, string? reason) =
            await Dialer.BeginAsync(transport, endPoint, options, limit, time, _closing.Token);
        if (client is not null)
            _ = LoseUnlessAsync(attaching, client);
        return (client, reason);
    }

    private static async Task LoseUnlessAsync(Task<Reply<Qid>> attaching, NinePClient client)
    {
        if (!(await attaching).Ok)
            await client.DisposeAsync();
    }

    /// <summary>Gives a connection back.</summary>
    internal ValueTask ReleaseAsync(IPEndPoint endPoint, NinePClient client)
    {
        Parent? parent;
        lock (_gate)
        {
            if (!_parents.TryGetValue(endPoint, out parent) || !parent.Connecting.IsCompletedSuccessfully ||
                parent.Connecting.Result.Client != client)
                return client.Closed.IsCancellationRequested ? client.DisposeAsync() : default;
        }
        return ReleaseAsync(endPoint, parent);
    }

    private async ValueTask ReleaseAsync(IPEndPoint endPoint, Parent parent)
    {
        lock (_gate)
        {
            parent.Users--;
            parent.IdleSince = time.GetTimestamp();
            if (parent.Users > 0 || !parent.IsLost)
                return;
            if (_parents.TryGetValue(endPoint, out Parent? now) && now == parent)
                _parents.Remove(endPoint);
        }
        if (parent.Connecting.IsCompletedSuccessfully && (await parent.Connecting).Client is { } client)
            await client.DisposeAsync();
    }

    /// <summary>Lets go of connections that nobody uses: those idle for a moment, or all of them.</summary>
    internal async ValueTask CloseIdleAsync(bool all)
    {
        List<Parent> idle = [];
        lock (_gate)
        {
            foreach ((IPEndPoint endPoint, Parent parent) in _parents)
            {
                // Removing the current entry does not disturb a dictionary's enumeration.
                // One that is still being connected is let go of when it is.
                if (parent.Users == 0 && parent.Connecting.IsCompleted && (all || time.GetElapsedTime(parent.IdleSince) > KeepIdle))
                {
                    _parents.Remove(endPoint);
                    idle.Add(parent);
                }
            }
        }
        foreach (Parent parent in idle)
        {
            if (parent.Connecting.IsCompletedSuccessfully && (await parent.Connecting).Client is { } client)
                await client.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        Parent[] all;
        lock (_gate)
        {
            all = [.. _parents.Values];
            _parents.Clear();
        }
        foreach (Parent parent in all)
        {
            try
            {
                if ((await parent.Connecting).Client is { } client)
                    await client.DisposeAsync();
            }
            catch (OperationCanceledException)
            {
                // It was still being made.
            }
        }
    }
}
