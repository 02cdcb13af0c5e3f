using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading.Tasks.Sources;

namespace Xget.Node.Fetching;

/// <summary>Those who wait for chunks: readers here and children.</summary>
public sealed partial class Transfer
{
    private const int MostSpareWaiters = 256;
    private readonly Dictionary<int, Waiters> _waiters = [];
    private readonly Stack<Waiter> _spareWaiters = [];

    private bool HasWaiters
    {
        get
        {
            lock (_gate)
                return _waiters.Count > 0;
        }
    }

    /// <summary>Puts a chunk in front; ends with true when it is there, false when it will never be.</summary>
    /// <exception cref="OperationCanceledException">The wait was given up; the chunk still comes.</exception>
    private ValueTask<bool> DemandAsync(int chunk, CancellationToken ct, bool pump = true)
    {
        Waiter waiter;
        bool asked = false;
        lock (_gate)
        {
            if (Store is { } store && store.Map[chunk])
                return new(true);
            if (_failed)
                return new(false);
            waiter = _spareWaiters.TryPop(out Waiter? spare) ? spare : new Waiter(this);
            CollectionsMarshal.GetValueRefOrAddDefault(_waiters, chunk, out bool isKnown).Add(waiter);
            if (!isKnown)
            {
                Activate();
                Stripe? stripe = _stripes.Length > 0 ? _stripes[Layout.Of(chunk)] : null;
                if (stripe is not null && (_chunks[chunk] & ChunkState.InFlight) == 0)
                {
                    stripe.First.Enqueue(chunk);
                    asked = true;
                }
                // A content that was complete from the start never had routes; the stripes begin with those who wait.
                if (stripe?.Link is null)
                    _events.Writer.TryWrite(new RouteEvent.Needed());
            }
        }
        ValueTask<bool> wait = waiter.Begin(chunk, ct);
        if (asked && pump)
            Pump();
        return wait;
    }

    private void GiveUp(Waiter waiter, CancellationToken ct)
    {
        lock (_gate)
        {
            ref Waiters waiters = ref CollectionsMarshal.GetValueRefOrNullRef(_waiters, waiter.Chunk);
            if (Unsafe.IsNullRef(ref waiters) || !waiters.Remove(waiter))
                return; // its end is being told just now
        }
        waiter.End(ct);
    }

    /// <summary>
    /// Somebody who waits for a chunk, and goes on at once, where the chunk was verified: its reply leaves while the bytes are
    /// warm. Reused when it has gone on, so that waiting allocates nothing. Whoever takes it off its list ends it.
    /// </summary>
    private sealed class Waiter(Transfer transfer) : IValueTaskSource<bool>
    {
        private ManualResetValueTaskSourceCore<bool> _core;
        private CancellationTokenRegistration _registration;

        internal int Chunk { get; private set; }

        /// <summary>The one behind it on its list; behind the last is the first.</summary>
        internal Waiter? Next { get; set; }

        /// <summary>It is on its list already, and may have ended.</summary>
        internal ValueTask<bool> Begin(int chunk, CancellationToken ct)
        {
            Chunk = chunk;
            var wait = new ValueTask<bool>(this, _core.Version);
            if (ct.CanBeCanceled)
                _registration = ct.UnsafeRegister(static (waiter, ct) => ((Waiter)waiter!).GiveUp(ct), this);
            return wait;
        }

        internal void End(bool isThere) => _core.SetResult(isThere);

        internal void End(CancellationToken ct) => _core.SetException(new OperationCanceledException(ct));

        public bool GetResult(short token)
        {
            // Waits for a cancellation that is being told of just now: after this it cannot meet the next wait.
            _registration.Dispose();
            _registration = default;
            try
            {
                return _core.GetResult(token);
            }
            finally
            {
                _core.Reset();
                lock (transfer._gate)
                {
                    if (transfer._spareWaiters.Count < MostSpareWaiters)
                        transfer._spareWaiters.Push(this);
                }
            }
        }

        public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);

        private void GiveUp(CancellationToken ct) => transfer.GiveUp(this, ct);
    }

    /// <summary>Those who wait for the same chunk, in the order in which they came. Under the lock.</summary>
    private struct Waiters
    {
        private Waiter? _last;

        internal void Add(Waiter waiter)
        {
            waiter.Next = waiter;
            Add(new Waiters { _last = waiter });
        }

        internal void Add(Waiters others)
        {
            if (_last is { } last && others._last is { } theirs)
                (last.Next, theirs.Next) = (theirs.Next, last.Next);
            _last = others._last ?? _last;
        }

        /// <summary>False if it is not on the list.</summary>
        internal bool Remove(Waiter waiter)
        {
            for (Waiter? before = _last; before is not null; before = before.Next == _last ? null : before.Next)
            {
                if (before.Next != waiter)
                    continue;
                before.Next = waiter.Next;
                if (waiter == _last)
                    _last = before == waiter ? null : before;
                return true;
            }
            return false;
        }

        /// <summary>They go on: the chunk is there, or never will be. When they are off their chunk's list, without the lock.</summary>
        internal readonly void End(bool isThere)
        {
            Waiter? next;
            for (Waiter? waiter = _last?.Next; waiter is not null; waiter = next)
            {
                next = waiter == _last ? null : waiter.Next; // it may wait for something else at once
                waiter.End(isThere);
            }
        }
    }
}
