using System.Net;
using System.Net.Sockets;
using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>
/// A pipelined 9P client over one connection: any number of requests may be in flight, from any threads. A request
/// that is cancelled or times out ends at once; its buffer is then never written any more. What the server fails to
/// answer in time is flushed, and a server that does not answer the flush either loses the connection.
/// </summary>
public sealed partial class NinePClient : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly IConnection _connection;
    private readonly ClientOptions _options;
    private readonly TimeProvider _time;
    private readonly TagTable _tags = new();
    private readonly CancellationTokenSource _closed = new();
    private readonly ITimer _timer;
    private readonly Stack<uint> _freeFids = [];
    private uint _nextFid;
    private int _outstanding;
    private bool _lost;
    private Task _receiver = Task.CompletedTask;

    private NinePClient(IConnection connection, ClientOptions options, TimeProvider time, bool assumes)
    {
        _connection = connection;
        _options = options;
        _time = time;
        _assumes = assumes;
        _progress = time.GetTimestamp();
        _timer = time.CreateTimer(
            static client => ((NinePClient)client!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Dialect = options.Dialect;
        Msize = options.Msize;
    }

    /// <summary>The dialect that is spoken.</summary>
    public Dialect Dialect { get; private set; }

    /// <summary>Bytes of the largest message that both sides take; what was offered, until the server answers.</summary>
    public int Msize { get; private set; }

    /// <summary>This end's address.</summary>
    public EndPoint Local => _connection.Local;

    /// <summary>Cancelled when the connection is lost or disposed of.</summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>Bytes received so far.</summary>
    public long BytesReceived => Interlocked.Read(ref _bytesReceived);

    /// <summary>Time since the last byte came.</summary>
    public TimeSpan SinceProgress => _time.GetElapsedTime(Interlocked.Read(ref _progress));

    /// <summary>Requests in flight.</summary>
    public int Outstanding => Volatile.Read(ref _outstanding);

    /// <summary>A number for a new fid.</summary>
    public uint NewFid()
    {
        lock (_gate)
        {
            return _freeFids.TryPop(out uint fid) ? fid : _nextFid++;
        }
    }

    /// <summary>
    /// Gives a fid's number back, which the server must not know (any more); a clunk does that by itself.
    /// </summary>
    public void FreeFid(uint fid)
    {
        lock (_gate)
        {
            _freeFids.Push(fid);
        }
    }

    /// <summary>
    /// After a walk that failed: its new fid's number is free if the server refused the walk. If the walk was only given
    /// up, the server may still make the fid: then it is clunked first.
    /// </summary>
    public void FreeFid(uint fid, Errno walkError)
    {
        if (walkError is Errno.ETIMEDOUT or Errno.EINTR)
        {
            _ = ClunkAsync(fid).AsTask();
        }
        else
        {
            FreeFid(fid);
        }
    }

    /// <summary>Closes the connection; requests in flight end with ECONNRESET.</summary>
    public async ValueTask DisposeAsync()
    {
        bool sending;
        lock (_gate)
        {
            sending = _isSending;
        }

        if (sending)
        {
            _connection.Abort();
        }

        Lose(abort: false);
        await _connection.DisposeAsync();
        await _receiver;
        await _timer.DisposeAsync();
    }

    private static bool IsLoss(Exception e) =>
        e is IOException or SocketException or ObjectDisposedException or OperationCanceledException;

    /// <summary>Ends everything that is in flight.</summary>
    private void Lose(bool abort)
    {
        List<PendingRequest> failed = [];
        lock (_gate)
        {
            if (_lost)
            {
                return;
            }

            _lost = true;
            Refuse(Errno.ECONNRESET);
            for (int tag = 0; tag < _tags.Capacity; tag++)
            {
                // One that is being received is ended by the receiving side.
                if (_tags[tag] is { State: TagState.Waiting, Request: { } request })
                {
                    failed.Add(request);
                    _tags[tag].State = TagState.Discarding;
                    _outstanding--;
                }
            }
        }

        if (abort)
        {
            _connection.Abort();
        }

        _answered.TrySetResult(_refused);
        foreach (PendingRequest request in failed)
        {
            request.Fail(Errno.ECONNRESET);
        }

        _closed.Cancel();
    }
}
