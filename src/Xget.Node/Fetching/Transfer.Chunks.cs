using System.Buffers;
using Mono.Unix.Native;
using Xget.Content;
using Xget.Content.Cache;
using Xget.Content.Store;
using Xget.NineP;
using Xget.Node.Wire;

namespace Xget.Node.Fetching;

/// <summary>The chunks of a transfer: which are asked for, from whom, and who waits for them.</summary>
public sealed partial class Transfer
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, TaskCompletionSource<bool>> _waiters = [];
    private readonly List<string> _sources = [];
    private IReadOnlyList<DataReference>? _wantedRanges;
    private ChunkTable? _table;
    private ChunkState[] _chunks = [];
    private Stripe[] _stripes = [];
    private int _wantedMissing;
    private int _fetching;
    private bool _failed;
    private Errno _error;

    [Flags]
    private enum ChunkState : byte
    {
        None = 0,
        Wanted = 1,
        InFlight = 2,

        /// <summary>Wanted, and counted as not here yet.</summary>
        Missing = 4,
    }

    /// <summary>Every k-th chunk, and the parent it is read from.</summary>
    private sealed class Stripe
    {
        internal ParentLink? Link { get; set; }
        internal int Outstanding { get; set; }
        internal int Cursor { get; set; }

        /// <summary>Chunks that somebody waits for, or that a failed parent owes: they go first.</summary>
        internal Queue<int> First { get; } = new();
    }

    /// <summary>Verified bytes that are here.</summary>
    public ulong Have => Store is { } s && _table is { } t
        ? Math.Min((ulong)s.Map.SetCount * (ulong)t.ChunkSize, t.Size) : 0;

    /// <inheritdoc/>
    public override ValueTask<ContentRange> ReadAsync(ulong offset, int count, CancellationToken ct)
    {
        if (!TryRead(offset, count, out ContentRange range))
            return WaitAndReadAsync(offset, count, ct);
        _node.Counters.Served(range.Count);
        return new(range);
    }

    /// <summary>
    /// Verified bytes from <paramref name="offset"/> on, if the chunk there is here: as many chunks in a row as there
    /// are, at most <paramref name="count"/> bytes, none at the end. The taker disposes the range.
    /// </summary>
    public bool TryRead(ulong offset, int count, out ContentRange range)
    {
        range = default;
        if (Store is not { } store)
            return false;
        if (offset >= store.Table.Size)
        {
            range = ContentRange.OfBytes(default);
            return true;
        }
        int first = (int)(offset / (ulong)store.Table.ChunkSize);
        if (!store.Map[first])
            return false;
        // As many chunks as are there in a row: a read may span several.
        int last = first;
        ulong end = offset + (ulong)count;
        while (last + 1 < store.Table.Count && store.Table.OffsetOf(last + 1) < end && store.Map[last + 1])
            last++;
        ulong there = store.Table.OffsetOf(last) + (ulong)store.Table.LengthOf(last);
        range = store.Read(offset, (int)(Math.Min(end, there) - offset));
        if (range.Error == Errno.EBADF && Store != store)
            return TryRead(offset, count, out range); // moved this moment
        if (range.Error == Errno.ENODATA)
            return false; // lost by a cache this moment: it comes again
        return true;
    }

    private async ValueTask<ContentRange> WaitAndReadAsync(ulong offset, int count, CancellationToken ct)
    {
        try
        {
            if (await _tableReady.Task.WaitAsync(ct) is not { } known)
                return ContentRange.Failed(_error);
            ContentRange range;
            while (!TryRead(offset, count, out range))
            {
                if (!await Demand((int)(offset / (ulong)known.ChunkSize)).WaitAsync(ct))
                    return ContentRange.Failed(_error);
            }
            _node.Counters.Served(range.Count);
            return range;
        }
        catch (OperationCanceledException)
        {
            return ContentRange.Failed(Errno.EINTR);
        }
    }

    /// <summary>Ends with 0 when all chunks of a range are here; they are asked for at once, before all others.</summary>
    /// <exception cref="OperationCanceledException">The wait was given up; the chunks still come.</exception>
    public async ValueTask<Errno> EnsureAsync(ulong offset, ulong count, CancellationToken ct)
    {
        if (await _tableReady.Task.WaitAsync(ct) is not { } known)
            return _error;
        ulong end = Math.Min(offset + count, known.Size);
        if (offset >= end)
            return 0;
        int first = (int)(offset / (ulong)known.ChunkSize);
        int last = (int)((end - 1) / (ulong)known.ChunkSize);
        var waits = new List<Task<bool>>();
        for (int i = first; i <= last; i++)
        {
            if (!Store!.Map[i])
                waits.Add(Demand(i, pump: false));
        }
        Pump();
        foreach (Task<bool> wait in waits)
        {
            if (!await wait.WaitAsync(ct))
                return _error;
        }
        return 0;
    }

    /// <summary>Chunks of this range will be wanted soon: they are fetched behind those that somebody waits for.</summary>
    public void Prefetch(ulong offset, ulong count)
    {
        lock (_gate)
        {
            if (_table is null || _failed || offset >= _table.Size)
                return;
            ulong end = Math.Min(count, _table.Size - offset) + offset;
            int first = (int)(offset / (ulong)_table.ChunkSize);
            int last = (int)((end - 1) / (ulong)_table.ChunkSize);
            bool isNew = false;
            for (int i = first; i <= last; i++)
            {
                if ((_chunks[i] & ChunkState.Wanted) != 0)
                    continue;
                _chunks[i] |= ChunkState.Wanted;
                if (Store!.Map[i])
                    continue;
                Miss(i);
                isNew = true;
                if (_stripes.Length > 0)
                    _stripes[i % _stripes.Length].Cursor = Math.Min(_stripes[i % _stripes.Length].Cursor, i);
            }
            if (!isNew)
                return;
        }
        Pump();
    }

    /// <summary>Puts a chunk in front; ends with true when it is there, false when it will never be.</summary>
    private Task<bool> Demand(int chunk, bool pump = true)
    {
        TaskCompletionSource<bool>? waiter;
        bool asked = false;
        lock (_gate)
        {
            if (Store is { } store && store.Map[chunk])
                return Task.FromResult(true);
            if (_failed)
                return Task.FromResult(false);
            if (!_waiters.TryGetValue(chunk, out waiter))
            {
                _waiters.Add(chunk, waiter = new(TaskCreationOptions.RunContinuationsAsynchronously));
                if (_stripes.Length > 0 && (_chunks[chunk] & ChunkState.InFlight) == 0)
                {
                    _stripes[chunk % _stripes.Length].First.Enqueue(chunk);
                    asked = true;
                    if (_stripes[chunk % _stripes.Length].Link is null)
                        _events.Writer.TryWrite(new RouteEvent.Needed());
                }
            }
        }
        if (asked && pump)
            Pump();
        return waiter.Task;
    }

    /// <summary>The table is known and the store open: from here on chunks may be asked for.</summary>
    private Errno Prepare(ChunkTable known, StoredContent store)
    {
        for (int i = 0; i < known.Count; i++)
        {
            if (!store.Map[i] && known.IsZero(i) && store.Write(i, new byte[known.LengthOf(i)]) is var error and not 0)
                return error;
        }
        // Told of from here on; what came before is in the map when it is looked at below.
        if (store is CachedContent cached)
            cached.ChunkFound += Found;
        lock (_gate)
        {
            _table = known;
            _chunks = new ChunkState[known.Count];
            if (_wantedRanges is null)
                Array.Fill(_chunks, ChunkState.Wanted);
            foreach (DataReference range in _wantedRanges ?? [])
            {
                if (range.Length == 0)
                    continue;
                int last = (int)((range.Offset + range.Length - 1) / (ulong)known.ChunkSize);
                for (int i = (int)(range.Offset / (ulong)known.ChunkSize); i <= last && i < _chunks.Length; i++)
                    _chunks[i] |= ChunkState.Wanted;
            }
            for (int i = 0; i < _chunks.Length; i++)
            {
                if ((_chunks[i] & ChunkState.Wanted) != 0 && !store.Map[i])
                    Miss(i);
            }
            Store = store;
        }
        _tableReady.TrySetResult(known);
        if (_wantedMissing == 0)
            _finished.TrySetResult(null);
        return 0;
    }

    private void NoteSource(ParentLink link)
    {
        if (!link.IsFirstChunk())
            return;
        string name = link.IsMaster ? HostPort.Me : HostPort.Format(link.EndPoint);
        lock (_gate)
        {
            if (!_sources.Contains(name))
                _sources.Add(name);
        }
    }

    private void Miss(int chunk)
    {
        _chunks[chunk] |= ChunkState.Missing;
        _wantedMissing++;
    }

    /// <summary>A chunk is here: whether it was the last of those that are wanted. Under the lock.</summary>
    private bool IsLastMissing(int chunk)
    {
        if ((_chunks[chunk] & ChunkState.Missing) == 0)
            return false;
        _chunks[chunk] &= ~ChunkState.Missing;
        return --_wantedMissing == 0;
    }

    /// <summary>A cache has found a chunk that an earlier run left.</summary>
    private void Found(int chunk)
    {
        TaskCompletionSource<bool>? waiter;
        bool done = false;
        lock (_gate)
        {
            _waiters.Remove(chunk, out waiter);
            done = _chunks.Length > 0 && IsLastMissing(chunk);
        }
        waiter?.TrySetResult(true);
        if (done)
            _finished.TrySetResult(null);
        if (Store is { Map.IsComplete: true })
            _events.Writer.TryWrite(new RouteEvent.Complete());
    }

    /// <summary>Asks for as many chunks as the window allows, from every parent that is ready.</summary>
    private void Pump()
    {
        List<(Stripe Stripe, ParentLink Link, int Chunk)>? asks = null;
        lock (_gate)
        {
            if (_table is null || _failed)
                return;
            int window = Math.Max(2, _node.Options.Window / _table.ChunkSize / Math.Max(1, _stripes.Length));
            for (int i = 0; i < _stripes.Length; i++)
            {
                Stripe stripe = _stripes[i];
                while (stripe.Link is { HasFailed: false } link && stripe.Outstanding < window && Next(stripe, i) is >= 0 and int chunk)
                {
                    stripe.Outstanding++;
                    _fetching++;
                    _chunks[chunk] |= ChunkState.InFlight;
                    (asks ??= []).Add((stripe, link, chunk));
                }
            }
        }
        // Requests to one parent leave together.
        for (int i = 0; asks is not null && i < asks.Count;)
        {
            ParentLink link = asks[i].Link;
            using (link.Client!.Burst())
            {
                for (; i < asks.Count && asks[i].Link == link; i++)
                    _ = FetchAsync(asks[i].Stripe, link, asks[i].Chunk);
            }
        }
    }

    private int Next(Stripe stripe, int index)
    {
        while (stripe.First.TryDequeue(out int chunk))
        {
            if (!Store!.Map[chunk] && (_chunks[chunk] & ChunkState.InFlight) == 0)
                return chunk;
        }
        for (int i = Math.Max(stripe.Cursor, index); i < _chunks.Length; i += _stripes.Length)
        {
            if ((_chunks[i] & (ChunkState.Wanted | ChunkState.InFlight)) == ChunkState.Wanted && !Store!.Map[i])
            {
                stripe.Cursor = i + _stripes.Length;
                return i;
            }
        }
        stripe.Cursor = _chunks.Length + index;
        return -1;
    }

    /// <summary>One chunk from its parent: received, verified, stored, handed to those who wait. Never throws.</summary>
    private async Task FetchAsync(Stripe stripe, ParentLink link, int chunk)
    {
        ChunkTable known = _table!;
        int length = known.LengthOf(chunk);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        link.RequestStarted();
        (FailureReason? failure, Errno error) = await ReceiveAsync(link, known.OffsetOf(chunk), buffer.AsMemory(0, length));
        link.RequestEnded();
        Errno stored = 0;
        bool good = failure is null && error == 0;
        if (good && !known.Matches(chunk, buffer.AsSpan(0, length)))
            (good, failure) = (false, FailureReason.Corrupt);
        if (good)
            stored = Store!.Write(chunk, buffer.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(buffer);
        if (good && stored == 0)
        {
            _node.Counters.Received(link.IsMaster, length);
            NoteSource(link);
        }
        Settle(stripe, chunk, good && stored == 0);
        if (stored != 0)
            Fail($"cannot write {Name}: {Words.Of(stored)}");
        else if (link.IsMaster && error is Errno.ESTALE or Errno.ENOENT)
            Fail($"{Name} changed on the master while it was served; run again when it has published the new state", Errno.ESTALE);
        else if (failure is { } reason && link.Fail())
            _events.Writer.TryWrite(new RouteEvent.ParentFailed(link, reason));
        Pump();
    }

    private static async ValueTask<(FailureReason?, Errno)> ReceiveAsync(ParentLink link, ulong offset, Memory<byte> buffer)
    {
        for (int got = 0; got < buffer.Length;)
        {
            Reply<int> reply = await link.Client!.ReadAsync(link.DataFid, offset + (ulong)got, buffer[got..],
                Timeout.InfiniteTimeSpan, link.Cancelled);
            if (!reply.Ok)
                return (link.HasFailed ? null : FailureReason.Lost, reply.Error);
            if (reply.Value == 0)
                return (FailureReason.Corrupt, Errno.EIO);
            got += reply.Value;
        }
        return (null, 0);
    }

    private void Settle(Stripe stripe, int chunk, bool good)
    {
        TaskCompletionSource<bool>? waiter = null;
        bool done = false;
        bool complete = false;
        lock (_gate)
        {
            stripe.Outstanding--;
            if (--_fetching == 0 && _failed)
                _drained.TrySetResult();
            _chunks[chunk] &= ~ChunkState.InFlight;
            if (good)
            {
                _waiters.Remove(chunk, out waiter);
                done = IsLastMissing(chunk);
                complete = Store!.Map.IsComplete;
            }
            else if (_stripes.Length > 0)
            {
                _stripes[chunk % _stripes.Length].First.Enqueue(chunk);
            }
        }
        waiter?.TrySetResult(true);
        if (complete)
            _events.Writer.TryWrite(new RouteEvent.Complete());
        if (done)
            _finished.TrySetResult(null);
    }
}
