using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>Requests that are given up: cancelled by their caller, or not answered in time.</summary>
public sealed partial class NinePClient
{
    private const int FlushSize = NinePLimits.HeaderSize + 2;
    private long _timerDue = long.MaxValue;

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * _time.TimestampFrequency);

    /// <summary>When a request that starts now is due; wakes the timer for it if need be. Under the lock.</summary>
    private long DeadlineAfter(TimeSpan timeout)
    {
        if (timeout == Timeout.InfiniteTimeSpan)
        {
            return long.MaxValue;
        }

        long due = _time.GetTimestamp() + Ticks(timeout);
        if (due < _timerDue)
        {
            _timerDue = due;
            _timer.Change(timeout, Timeout.InfiniteTimeSpan);
        }

        return due;
    }

    private void Cancel(PendingRequest request)
    {
        lock (_gate)
        {
            ref TagSlot slot = ref _tags[request.Tag];
            if (_lost || slot.Request != request)
            {
                return;
            }

            if (slot.State != TagState.Waiting)
            {
                // Its reply is coming in: that ends it, or the connection if it stalls.
                slot.Deadline = Math.Min(slot.Deadline, DeadlineAfter(_options.RequestTimeout));
                return;
            }

            GiveUp(request.Tag);
        }

        Kick();
        request.Fail(Errno.EINTR);
    }

    /// <summary>Takes the request out of its tag, which stays in use until the flush is answered. Under the lock.</summary>
    private bool GiveUp(ushort tag)
    {
        _outstanding--;
        _tags[tag] = new TagSlot { State = TagState.Discarding, Deadline = long.MaxValue };
        if (!_tags.TryTake(out ushort flushTag))
        {
            return false;
        }

        _tags[flushTag] = new TagSlot
        {
            State = TagState.Flushing,
            OldTag = tag,
            Deadline = DeadlineAfter(_options.RequestTimeout),
        };
        Tflush.Write(Room(FlushSize), flushTag, tag);
        _outLength += FlushSize;
        return true;
    }

    /// <summary>The timer: gives up what is due.</summary>
    private void Sweep()
    {
        List<PendingRequest> timedOut = [];
        bool silent;
        lock (_gate)
        {
            if (_lost)
            {
                return;
            }

            _timerDue = long.MaxValue;
            long now = _time.GetTimestamp();
            long next = _versionDue;
            silent = _versionDue <= now;
            if (silent)
            {
                Refuse(Errno.ETIMEDOUT);
            }

            int capacity = silent ? 0 : _tags.Capacity;
            for (int tag = 0; tag < capacity; tag++)
            {
                TagSlot slot = _tags[tag];
                if (slot.State != TagState.Free && slot.Deadline <= now)
                {
                    silent |= !IsExcused((ushort)tag, slot, timedOut, now);
                }

                if (_tags[tag].State != TagState.Free)
                {
                    next = Math.Min(next, _tags[tag].Deadline);
                }
            }

            if (next < _timerDue)
            {
                _timerDue = next;
                double left = Math.Max(0, next - now) / (double)_time.TimestampFrequency;
                _timer.Change(
                    TimeSpan.FromSeconds(left) + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
            }
        }

        foreach (PendingRequest request in timedOut)
        {
            request.Fail(Errno.ETIMEDOUT);
        }

        if (silent)
        {
            Lose(abort: true);
            return;
        }

        Kick();
    }

    /// <summary>Deals with a tag that is due; false if the connection is not worth keeping. Under the lock.</summary>
    private bool IsExcused(ushort tag, in TagSlot slot, List<PendingRequest> timedOut, long now)
    {
        switch (slot.State)
        {
            case TagState.Waiting:
                timedOut.Add(slot.Request!);
                return GiveUp(tag);
            case TagState.Receiving:
                long stalled = Interlocked.Read(ref _progress) + Ticks(_options.RequestTimeout);
                _tags[tag].Deadline = stalled;
                return stalled > now;
            default:
                // A Tflush that is not answered.
                return false;
        }
    }
}
