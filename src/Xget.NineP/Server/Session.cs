using System.Net.Sockets;

namespace Xget.NineP;

/// <summary>
/// One connection of a server. Its requests are applied in order by the receiving side; reads and writes may wait
/// while later requests are served, and end on whatever thread their file chooses.
/// </summary>
internal sealed partial class Session
{
    private readonly Lock _gate = new();
    private readonly NinePServer _server;
    private CancellationTokenSource? _closed;
    private bool _ended;
    private volatile bool _aborted;

    public Session(NinePServer server, IConnection connection, PeerAddress address)
    {
        _server = server;
        Connection = connection;
        Address = address;
        Heard = server.Time.GetTimestamp();
        _freeWaiting = Math.Min(server.Limits.FreeWaiting, server.Limits.MaxWaiting - 1);
        BeginTurns();
        Peer = new ServerConnection(this);
        Handshake = new DeadlineQueue.Entry(() => Cut($"sent no Tversion in time ({nameof(ServerLimits.HandshakeTimeout)})"));
        _sending = new DeadlineQueue.Entry(() => Cut($"takes no replies ({nameof(ServerLimits.SendTimeout)})"));
    }

    public IConnection Connection { get; }

    /// <summary>What its address holds, and it with it.</summary>
    public PeerAddress Address { get; }

    /// <summary>Counts up with each connection.</summary>
    public long Number { get; set; }

    public bool IsVersioned => Volatile.Read(ref _versioned);

    /// <summary>Whether it holds nothing but a root and wants nothing. As others see it: it may change at any moment.</summary>
    public bool IsIdle => IsVersioned && _fids.Count <= 1 && Volatile.Read(ref _running) == 0 && !_isSending && !_isUnfinished;

    public ServerConnection Peer { get; }

    public Dialect Dialect { get; private set; }

    /// <summary>Its place among the connections that have sent no Tversion.</summary>
    public DeadlineQueue.Entry Handshake { get; }

    /// <summary>Cancelled when the connection is lost; made when somebody asks, as few do.</summary>
    public CancellationToken Closed
    {
        get
        {
            lock (_gate)
            {
                if (_ended)
                {
                    return new CancellationToken(canceled: true);
                }

                return (_closed ??= new CancellationTokenSource()).Token;
            }
        }
    }

    /// <summary>Serves the connection to its end; the peer's faults end it, they do not throw.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        CancellationTokenRegistration stop =
            ct.UnsafeRegister(static session => ((Session)session!).Abort(), this);
        try
        {
            await ReceiveAsync();
        }
        catch (Exception e) when (IsLoss(e))
        {
            // The peer went away, as peers do.
        }
        catch (Exception e)
        {
            Complain($"failed: {e.GetType().Name}: {e.Message}");
        }

        await EndAsync();
        await stop.DisposeAsync();
    }

    /// <summary>Tells of a fault.</summary>
    public void Complain(string text) => _server.Complain(this, text);

    /// <summary>Ends the connection and tells why.</summary>
    public void Cut(string reason)
    {
        Complain(reason);
        Abort();
    }

    /// <summary>Ends the connection at once, whatever it is doing.</summary>
    public void Abort()
    {
        _aborted = true;
        Connection.Abort();
    }

    private static bool IsLoss(Exception e) =>
        e is IOException or SocketException or ObjectDisposedException or OperationCanceledException;

    private async Task EndAsync()
    {
        CancellationTokenSource? closed;
        lock (_gate)
        {
            _ended = true;
            closed = _closed;
        }

        _server.Leave(this, _versioned);
        FrameEnded();
        ReturnBuffer();
        Reset();
        Try(() => closed?.Cancel());

        // What is ready still goes out: a peer that has only shut down its own side is waiting for it.
        Kick();
        await RequestsEndedAsync();
        await SendEndedAsync();
        DropReplies();
        _server.Ended(this);
        Try(() => _server.Root.Disconnected(Peer));
        await Connection.DisposeAsync();
    }

    /// <summary>Calls what is not ours, whose failure must not keep a connection from ending.</summary>
    private void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e)
        {
            Complain($"ending it failed: {e.GetType().Name}: {e.Message}");
        }
    }
}
