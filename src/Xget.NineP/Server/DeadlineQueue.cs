namespace Xget.NineP;

/// <summary>
/// Things that all have the same time until they are due, so that the oldest is always the first: one timer serves any
/// number of them, and entering and leaving cost next to nothing. Thread-safe.
/// </summary>
internal sealed class DeadlineQueue
{
    private readonly Lock _gate = new();
    private readonly LinkedList<Entry> _entries = [];
    private readonly TimeProvider _time;
    private readonly TimeSpan _span;
    private readonly ITimer _timer;
    private bool _armed;

    public DeadlineQueue(TimeProvider time, TimeSpan span)
    {
        _time = time;
        _span = span;
        _timer = time.CreateTimer(
            static queue => ((DeadlineQueue)queue!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What waits; it may be in its queue once at a time.</summary>
    internal sealed class Entry
    {
        public Entry(Action due)
        {
            Due = due;
            Node = new LinkedListNode<Entry>(this);
        }

        public Action Due { get; }

        internal LinkedListNode<Entry> Node { get; }

        internal long Since { get; set; }
    }

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count;
            }
        }
    }

    public void Add(Entry entry)
    {
        lock (_gate)
        {
            entry.Since = _time.GetTimestamp();
            _entries.AddLast(entry.Node);
            Arm();
        }
    }

    public void Remove(Entry entry)
    {
        lock (_gate)
        {
            if (entry.Node.List is not null)
            {
                _entries.Remove(entry.Node);
            }
        }
    }

    /// <summary>Takes the oldest out and calls its action, whether or not its time has come.</summary>
    public void ExpireOldest() => Expire(_ => true);

    private void Sweep()
    {
        lock (_gate)
        {
            _armed = false;
        }

        while (Expire(entry => _time.GetElapsedTime(entry.Since) >= _span))
        {
        }

        lock (_gate)
        {
            Arm();
        }
    }

    private bool Expire(Predicate<Entry> when)
    {
        Entry entry;
        lock (_gate)
        {
            if (_entries.First is not { } first || !when(first.Value))
            {
                return false;
            }

            _entries.Remove(first);
            entry = first.Value;
        }

        entry.Due();
        return true;
    }

    private void Arm()
    {
        if (_armed || _entries.First is not { } first)
        {
            return;
        }

        TimeSpan left = _span - _time.GetElapsedTime(first.Value.Since);
        _armed = true;
        _timer.Change(left > TimeSpan.Zero ? left + TimeSpan.FromMilliseconds(1) : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }
}
