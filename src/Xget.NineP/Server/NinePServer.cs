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
        _unversioned = new DeadlineQueue(time, options.HandshakeTimeout);
        Sending = new DeadlineQueue(time, options.SendTimeout);
        _newcomers = options.GathersPeers ? new Newcomers(time) : null;
    }

    /// <summary>Connections that have sent their Tversion.</summary>
    public int ConnectionCount => Volatile.Read(ref _connectionCount);

    internal IAttachPoint Root { get; }

    internal ServerOptions Options { get; }

    internal TimeProvider Time { get; }

    /// <summary>The connections whose peers have not yet taken what is being sent to them.</summary>
    internal DeadlineQueue Sending { get; }

    internal OutstandingPool Requests { get; } = new();

    /// <summary>
    /// Serves one connection to its end and disposes it. It never throws for what the peer does; it returns when the
    /// last of the peer's requests has ended.
    /// </summary>
    public Task ServeAsync(IConnection connection, CancellationToken ct)
    {
        Session session = new(this, connection);
        _unversioned.Add(session.Handshake);
        if (_unversioned.Count > Options.MaxUnversioned)
        {
            _unversioned.ExpireOldest();
        }

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
                // Most likely out of descriptors: those who have said nothing yet are the least loss.
                if (complained is not { } last || Time.GetElapsedTime(last) >= ComplaintPause)
                {
                    complained = Time.GetTimestamp();
                    Options.Complaint?.Invoke(listener.Local, $"cannot accept: {e.Message}");
                }

                _unversioned.ExpireOldest();
                await PauseAsync(ct);
            }
        }

        await served.EndedAsync();
    }

    /// <summary>How much of so many bytes of a file may be sent at once.</summary>
    internal Allowance Ask(IConnection connection, int bytes) => _newcomers?.Ask(connection, bytes) ?? Allowance.All;

    internal void Versioned(Session session)
    {
        _unversioned.Remove(session.Handshake);
        _newcomers?.Arrived();
        Interlocked.Increment(ref _connectionCount);
    }

    internal void Leave(Session session, bool versioned)
    {
        _unversioned.Remove(session.Handshake);
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
