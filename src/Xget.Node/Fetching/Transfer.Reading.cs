using System.Runtime.CompilerServices;
using Mono.Unix.Native;
using Xget.Content;

namespace Xget.Node.Fetching;

/// <summary>The readers of a transfer, here and below: what is there they get at once, for the rest they wait.</summary>
public sealed partial class Transfer
{
    /// <inheritdoc/>
    public override bool TryServe(ulong offset, int count, out ContentRange range)
    {
        if (!TryRead(offset, count, out range))
            return false;
        _node.Counters.Served(range.Count);
        return true;
    }

    /// <inheritdoc/>
    public override ValueTask<ContentRange> ReadAsync(ulong offset, int count, CancellationToken ct)
    {
        return TryServe(offset, count, out ContentRange range) ? new(range) : WaitAndReadAsync(offset, count, ct);
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
        int first = store.Table.IndexOf(offset);
        if (!store.Map[first])
            return false;
        // As many chunks as are there in a row: a read may span several.
        int last = first;
        ulong end = offset + (ulong)count;
        while (last + 1 < store.Table.Count && store.Table.OffsetOf(last + 1) < end && store.Map[last + 1])
            last++;
        ulong there = store.Table.EndOf(last);
        range = store.Read(offset, (int)(Math.Min(end, there) - offset));
        if (range.Error == Errno.EBADF && Store != store)
            return TryRead(offset, count, out range); // moved this moment
        if (range.Error == Errno.ENODATA)
            return false; // lost by a cache this moment: it comes again
        return true;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ContentRange> WaitAndReadAsync(ulong offset, int count, CancellationToken ct)
    {
        try
        {
            if (await TableAsync(ct) is not { } known)
                return ContentRange.Failed(_error);
            Prefetch(offset, (ulong)count);
            ContentRange range;
            while (!TryRead(offset, count, out range))
            {
                if (!await DemandAsync(known.IndexOf(offset), ct))
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
        if (await TableAsync(ct) is not { } known)
            return _error;
        ulong end = Math.Min(offset + count, known.Size);
        if (offset >= end)
            return 0;
        int first = known.IndexOf(offset);
        int last = known.IndexOf(end - 1);
        var waits = new List<Task<bool>>();
        for (int i = first; i <= last; i++)
        {
            if (!Store!.Map[i])
                waits.Add(DemandAsync(i, ct, pump: false).AsTask());
        }
        Pump();
        foreach (Task<bool> wait in waits)
        {
            if (!await wait)
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
            int first = _table.IndexOf(offset);
            int last = _table.IndexOf(end - 1);
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
                    _stripes[Layout.Of(i)].GoBackTo(Order(Layout.Of(i)).PlaceOf(i));
            }
            if (!isNew)
                return;
        }
        Pump();
    }
}
