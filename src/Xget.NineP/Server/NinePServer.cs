using System.Net.Sockets;

namespace Xget.NineP;

/// <summary>
/// A 9P server: bytes in, bytes out. It takes connections from anywhere and owns no thread; any number of calls may run
/// at once.
/// </summary>
public sealed class NinePServer
{
    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan ComplaintPause = TimeSpan.FromSeconds(1);

    private readonly DeadlineQueue _unversioned;
    private readonly ServerTotals _totals;
    private readonly PeerTable _peers;
    private readonly Newcomers? _newcomers;
    private int _connectionCount;

    /// <summary>A server of what <paramref name="root"/> exports.</summary>
    public NinePServer(IAttachPoint root, ServerOptions options, TimeProvider time)
    {
        const int LargestMsize = 16 << 20;
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxMsize, NinePLimits.MinMsize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxMsize, LargestMsize);
        Root = root;
        Options = options;
        Time = time;
        _unversioned = new DeadlineQueue(time, Limits.HandshakeTimeout);
        Sending = new DeadlineQueue(time, Limits.SendTimeout);
        Unfinished = new DeadlineQueue(time, Limits.FrameTimeout);
        _totals = new ServerTotals(Limits, time);
        _peers = new PeerTable(Limits, _totals, time);
        _newcomers = options.GathersPeers ? new Newcomers(time) : null;
    }

    /// <summary>Connections that have sent their Tversion.</summary>
    public int ConnectionCount => Volatile.Read(ref _connectionCount);

    internal IAttachPoint Root { get; }

    internal ServerOptions Options { get; }

    internal ServerLimits Limits => Options.Limits;

    internal TimeProvider Time { get; }

    /// <summary>The connections whose peers have not yet taken what is being sent to them.</summary>
    internal DeadlineQueue Sending { get; }

    /// <summary>The connections that have sent a part of a message.</summary>
    internal DeadlineQueue Unfinished { get; }

    /// <summary>The connections that have more to do than fits into a turn: half of the processors are left for the others.</summary>
    internal TurnQueue Turns { get; } = new(Math.Max(1, Environment.ProcessorCount / 2));

    internal OutstandingPool Requests { get; } = new();

    /// <summary>
    /// Serves one connection to its end and disposes it. It never throws for what the peer does; it returns when the
    /// last of the peer's requests has ended.
    /// </summary>
    public Task ServeAsync(IConnection connection, CancellationToken ct)
    {
        Session session = new(this, connection, _peers.Of(connection.Remote));
        _unversioned.Add(session.Handshake);
        (Session? leaves, string limit) = _peers.Enter(session);
        leaves?.Cut(leaves == session ? $"is one too many ({limit})" : $"makes room for another connection ({limit})");
        return session.RunAsync(ct);
    }

    /// <summary>
    /// Accepts and serves until <paramref name="ct"/> is cancelled or the listener is disposed; then waits for the
    /// connections, which the former closes, to end.
    /// </summary>
    public async Task RunAsync(IListener listener, CancellationToken ct)
    {
        Tally served = new();
        long? complained = null;
        while (!ct.IsCancellationRequested)
        {
            try
            {
                IConnection connection = await listener.AcceptAsync(ct);
                served.Begin();
                _ = ServeAsync(connection, served, ct);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException
                or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                break;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset
                or SocketError.ConnectionAborted or SocketError.NotConnected)
            {
                // Gone before it was accepted.
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                // Most likely out of descriptors: who waits is told so at once, and may go elsewhere.
                if (complained is not { } last || Time.GetElapsedTime(last) >= ComplaintPause)
                {
                    complained = Time.GetTimestamp();
                    Options.Complaint?.Invoke(listener.Local, $"cannot accept: {e.Message}");
                }

                _peers.LeastLoss()?.Cut("makes room for another connection (no descriptors are left)");
                listener.Refuse();
                await PauseAsync(ct);
            }
        }

        await served.EndedAsync();
    }

    /// <summary>How much of so many bytes of a file may be sent at once.</summary>
    internal Allowance Ask(IConnection connection, int bytes) => _newcomers?.Ask(connection, bytes) ?? Allowance.All;

    /// <summary>Tells of a peer's fault, unless too much is told of its address.</summary>
    internal void Complain(Session session, string text)
    {
        if (Options.Complaint is { } tell && session.Address.Complaints.TryTell(out int leftOut))
        {
            tell(session.Connection.Remote, leftOut == 0 ? text : $"{text} ({leftOut} complaints of this address left out)");
        }
    }

    /// <summary>Room for a part of a message: null, or the limit that is in the way. The oldest such part of all is cut off if it is
    /// the limit of all.</summary>
    internal Quota? TakeFrameRoom(Session session, long bytes)
    {
        Quota? full = session.Address.Frames.TryTake(bytes);
        if (full is not null && _totals.IsOfAll(full))
        {
            Unfinished.ExpireOldest();
        }

        return full;
    }

    internal void Versioned(Session session)
    {
        _unversioned.Remove(session.Handshake);
        _peers.Versioned(session);
        _newcomers?.Arrived();
        Interlocked.Increment(ref _connectionCount);
    }

    internal void Leave(Session session, bool versioned)
    {
        _unversioned.Remove(session.Handshake);
        _peers.Leave(session, versioned);
        if (versioned)
        {
            Interlocked.Decrement(ref _connectionCount);
        }
    }

    /// <summary>It sends nothing any more; one that has left may still ask to.</summary>
    internal void Ended(Session session) => _newcomers?.Left(session.Connection);

    private async Task ServeAsync(IConnection connection, Tally served, CancellationToken ct)
    {
        try
        {
            await ServeAsync(connection, ct);
        }
        finally
        {
            served.End();
        }
    }

    private async Task PauseAsync(CancellationToken ct)
    {
        try
        {
            await Task.Delay(AcceptPause, Time, ct);
        }
        catch (OperationCanceledException)
        {
            // The loop ends by itself.
        }
    }
}
