using System.Buffers;
using System.Runtime.CompilerServices;
using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>
/// A read or a write that its file has been asked for. Reused, with its cancellation and its callback, so that waiting
/// allocates nothing.
/// </summary>
#pragma warning disable CA1001 // A source without a timer or a wait handle has nothing to dispose.
internal sealed class Outstanding
#pragma warning restore CA1001
{
    private readonly OutstandingPool _pool;
    private readonly Action _ended;
    private CancellationTokenSource _cancellation = new();
    private ValueTaskAwaiter<ReadResult> _read;
    private ValueTaskAwaiter<WriteResult> _write;
    private byte[]? _data;
    private Session? _session;
    private Fid? _fid;
    private int _uses;

    public Outstanding(OutstandingPool pool)
    {
        _pool = pool;
        _ended = () => End(waited: true);
    }

    public ushort Tag { get; private set; }

    public bool IsWrite { get; private set; }

    /// <summary>Most bytes that a read was asked for.</summary>
    public int Limit { get; private set; }

    public Fid Fid => _fid!;

    /// <summary>Set under the session's lock: the request was flushed, so there is no reply.</summary>
    public bool Dropped { get; set; }

    public CancellationToken Token => _cancellation.Token;

    public void Begin(Session session, ushort tag, Fid fid, int limit, bool isWrite)
    {
        _session = session;
        _fid = fid;
        Tag = tag;
        IsWrite = isWrite;
        Limit = limit;
        _uses = 1;
        Dropped = false;
    }

    /// <summary>Copies a write's data, which must outlast the buffer that it was received in.</summary>
    public ReadOnlyMemory<byte> Keep(ReadOnlySpan<byte> data)
    {
        _data = ArrayPool<byte>.Shared.Rent(data.Length);
        data.CopyTo(_data);
        return _data.AsMemory(0, data.Length);
    }

    public void Await(ValueTask<ReadResult> read)
    {
        _read = read.GetAwaiter();
        if (_read.IsCompleted)
        {
            End(waited: false);
            return;
        }

        _session!.Waits(this);
        _read.UnsafeOnCompleted(_ended);
    }

    public void Await(ValueTask<WriteResult> write)
    {
        _write = write.GetAwaiter();
        if (_write.IsCompleted)
        {
            End(waited: false);
            return;
        }

        _session!.Waits(this);
        _write.UnsafeOnCompleted(_ended);
    }

    public void Cancel(Session session)
    {
        try
        {
            _cancellation.Cancel();
        }
        catch (AggregateException e)
        {
            session.Complain($"cancelling a request failed: {e.Message}");
        }
    }

    /// <summary>Keeps it from being reused until <see cref="Release"/>; under the session's lock, before its end.</summary>
    public void Hold() => Interlocked.Increment(ref _uses);

    /// <summary>Ends one use; after the last one it serves the next request.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _uses) > 0)
        {
            return;
        }

        _read = default;
        _write = default;
        _session = null;
        _fid = null;
        if (_data is { } data)
        {
            _data = null;
            ArrayPool<byte>.Shared.Return(data);
        }

        if (!_cancellation.TryReset())
        {
            _cancellation = new CancellationTokenSource();
        }

        _pool.Return(this);
    }

    private void End(bool waited)
    {
        Session session = _session!;
        if (IsWrite)
        {
            session.EndWrite(this, Result(_write, session, static e => new WriteResult(e, 0)), waited);
        }
        else
        {
            session.EndRead(this, Result(_read, session, ReadResult.Failed), waited);
        }
    }

    /// <summary>A file's exceptions are its own affair: the peer sees EINTR for a cancelled request, else EIO.</summary>
    private static T Result<T>(ValueTaskAwaiter<T> awaiter, Session session, Func<Errno, T> failed)
    {
        try
        {
            return awaiter.GetResult();
        }
        catch (OperationCanceledException)
        {
            return failed(Errno.EINTR);
        }
        catch (Exception e)
        {
            session.Complain($"a request failed: {e.GetType().Name}: {e.Message}");
            return failed(Errno.EIO);
        }
    }
}
