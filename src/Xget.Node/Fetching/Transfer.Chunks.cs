using Mono.Unix.Native;
using Xget.Content;
using Xget.Content.Cache;
using Xget.Content.Store;
using Xget.Node.Wire;

namespace Xget.Node.Fetching;

/// <summary>The chunks of a transfer: which are asked for, from whom, and who waits for them.</summary>
public sealed partial class Transfer
{
    /// <summary>Chunks asked for of each stripe at the least: while one comes the next one is waited for.</summary>
    private const int LeastWindow = 2;

    /// <summary>The same where they come fast, unless they are large, for they take memory.</summary>
    private const int LeastFastWindow = 4;
    private const int LargeChunk = 512 << 10;

    /// <summary>Bytes that are missing when the next content may begin, where they come fast.</summary>
    private const int FastOverlap = 2 << 20;

    private readonly Lock _gate = new();
    private readonly List<string> _sources = [];
    private IReadOnlyList<DataReference>? _wantedRanges;
    private ChunkTable? _table;
    private ChunkState[] _chunks = [];
    private Stripe[] _stripes = [];
    private int _wantedMissing;
    private int _fetching;
    private bool _begun;
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

        /// <summary>Asked of a parent of another stripe (Transfer.Stealing.cs).</summary>
        Stolen = 8,
    }

    /// <summary>Which chunks are whose; good once there are routes and the chunk table.</summary>
    private ChunkStripes Layout => new(_stripes.Length, _table!.Size, _table.ChunkSize);

    /// <summary>Verified bytes that are here.</summary>
    public ulong Have => Store is { } s && _table is { } t
        ? Math.Min((ulong)s.Map.SetCount * (ulong)t.ChunkSize, t.Size) : 0;

    /// <summary>Bytes that are waited for, to the nearest chunk.</summary>
    private ulong Missing => _begun && _table is { } t ? (ulong)Volatile.Read(ref _wantedMissing) * (ulong)t.ChunkSize : 0;

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
                if (range.Length == 0 || range.Offset >= known.Size || range.Length > known.Size - range.Offset)
                    continue; // whoever names it is wrong, and will see that it is not there
                int last = known.IndexOf(range.Offset + range.Length - 1);
                for (int i = known.IndexOf(range.Offset); i <= last && i < _chunks.Length; i++)
                    _chunks[i] |= ChunkState.Wanted;
            }
            for (int i = 0; i < _chunks.Length; i++)
            {
                if ((_chunks[i] & ChunkState.Wanted) != 0 && !store.Map[i])
                    Miss(i);
            }
            Store = store;
            LayStripes();
        }
        _tableReady.TrySetResult(known);
        if (_wantedMissing == 0)
            Finish(null);
        return 0;
    }

    private void NoteSource(ParentLink link)
    {
        if (!link.IsFirstChunk())
            return;
        string name = link.IsMaster ? HostPort.Me : HostPort.Format(link.EndPoint);
        if (!link.IsMaster)
            _node.Failed.Gave(link.EndPoint);
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
        if (_stripes.Length > 0)
            _stripes[Layout.Of(chunk)].Missing++;
    }

    /// <summary>A chunk is here: whether it was the last of those that are wanted. Under the lock.</summary>
    private bool IsLastMissing(int chunk)
    {
        if ((_chunks[chunk] & ChunkState.Missing) == 0)
            return false;
        _chunks[chunk] &= ~ChunkState.Missing;
        if (_stripes.Length > 0)
            _stripes[Layout.Of(chunk)].Missing--;
        return --_wantedMissing == 0;
    }

    /// <summary>A cache has found a chunk that an earlier run left.</summary>
    private void Found(int chunk)
    {
        Waiters waiters;
        bool done = false;
        lock (_gate)
        {
            _waiters.Remove(chunk, out waiters);
            done = _chunks.Length > 0 && IsLastMissing(chunk);
        }
        waiters.End(true);
        if (done)
            Finish(null);
        if (Store is { Map.IsComplete: true })
            _events.Writer.TryWrite(new RouteEvent.Complete());
    }

    /// <summary>Asks for as many chunks as the window allows, from every parent that is ready.</summary>
    private void Pump()
    {
        List<Fetch>? fetches = null;
        lock (_gate)
        {
            if (_table is null || _failed || _stripes.Length == 0)
                return;
            int last = Slowest();
            Stripe slowest = _stripes[last];
            int soonAsked = 0;
            for (int n = 0; n < _stripes.Length; n++)
            {
                int i = (last + n) % _stripes.Length; // who is behind asks first, where several share a parent
                Stripe stripe = _stripes[i];
                int window = Window(stripe);
                soonAsked += stripe.Span == 1 ? window : FastOverlap / _table.ChunkSize / _stripes.Length;
                // Two at a time, unless that is the whole window: half the messages, and half the wake-ups of the parent.
                int together = Math.Max(stripe.Span, Math.Min(2, window / 2));
                window = Math.Max(together, window / (IsAhead(stripe, slowest) ? 2 : 1));
                if (stripe.Outstanding > window - together && stripe.First.Count == 0)
                    continue;
                bool waits = Waits(stripe, slowest);
                while (stripe.Link is { HasFailed: false, Client: not null } link && stripe.Outstanding < window &&
                       (_stripes.Length == 1 || link.Outstanding < window + together) && Next(stripe, i, waits) is >= 0 and int chunk)
                {
                    var ask = new Ask(stripe, link, chunk, InARow(chunk, stripe.Span));
                    stripe.Ask(ask.Count);
                    Note(ref fetches, ask);
                }
            }
            if (_begun)
            {
                if (_wantedMissing <= soonAsked)
                    _nearEnd.TrySetResult();
                Steal(ref fetches, last);
            }
            Hedge(ref fetches);
        }
        if (fetches is not null)
            Begin(fetches);
    }

    /// <summary>
    /// Chunks asked for of each stripe. What is asked for waits in the parents' sending queues, and their answers to
    /// newcomers behind it; and where several parents send at once, more than a switch's port holds is lost. So no more
    /// than is needed.
    /// </summary>
    private int Window(Stripe stripe)
    {
        int size = _table!.ChunkSize;
        int bytes = _stripes.Length > 1 ? _node.Options.StripedWindow : _node.Options.Window;
        int least = stripe.IsFast && size < LargeChunk ? LeastFastWindow : LeastWindow;
        return Math.Max(Math.Max(least, 2 * stripe.Span), bytes / size);
    }

    /// <summary>Some of the chunks that were asked for are here, or (the last ones) will not come.</summary>
    private void Settle(Ask ask, int first, int end, bool good)
    {
        (Stripe? stripe, ParentLink link, _, _) = ask;
        Waiters waiting = default;
        bool done = false;
        bool complete = false;
        bool close = false;
        ParentLink? overtaken = null;
        lock (_gate)
        {
            long now = good ? _node.Time.GetTimestamp() : 0;
            if (end == ask.End)
            {
                if (stripe is null)
                {
                    link.Steals--;
                    if (good)
                        link.StealPauses = 1;
                }
                close = link.RequestEnded() == 0 && link.IsRetired;
                if (--_fetching == 0 && _failed)
                    _drained.TrySetResult();
            }
            if (good)
            {
                link.Progressed(now);
                (_lastCame, _isTold) = (now, false);
                _retries = 0; // what is asked for the next time is another matter
            }
            if (stripe is not null)
            {
                stripe.Settle(end - first);
                if (good)
                    stripe.Came(end - first, Layout.Run, now);
            }
            else if (good)
                overtaken = Overtake(link, first);
            for (int chunk = first; chunk < end; chunk++)
            {
                _chunks[chunk] &= ~ask.State;
                if (good)
                {
                    if (_waiters.Remove(chunk, out Waiters waiters))
                        waiting.Add(waiters);
                    done |= IsLastMissing(chunk);
                }
                else if (_stripes.Length > 0 && (_chunks[chunk] & (ChunkState.InFlight | ChunkState.Stolen)) == 0)
                {
                    _stripes[Layout.Of(chunk)].First.Enqueue(chunk);
                }
            }
            complete = good && Store!.Map.IsComplete;
        }
        if (close)
            Close(link);
        if (overtaken is not null)
            Lose(overtaken, FailureReason.Stalled);
        waiting.End(true);
        if (complete)
            _events.Writer.TryWrite(new RouteEvent.Complete());
        if (done)
            Finish(null);
    }
}
