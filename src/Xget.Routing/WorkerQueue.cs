namespace Xget.Routing;

/// <summary>
/// The eligible workers of one level of one stripe: a binary heap whose first is the one with the fewest connections, then
/// the one chosen longest ago, then the lowest number. Adding, removing and moving take O(log n) comparisons and no
/// allocation but the array's growth.
/// </summary>
internal sealed class WorkerQueue(int stripe)
{
    private Worker[] _heap = new Worker[4];
    private int _count;

    /// <summary>Comparisons made so far: the measure of work in tests.</summary>
    public long Steps { get; private set; }

    public void Add(Worker worker)
    {
        if (_count == _heap.Length)
        {
            Array.Resize(ref _heap, 2 * _count);
        }

        Put(worker, _count++);
        Move(worker);
    }

    public void Remove(Worker worker)
    {
        int hole = worker.Places[stripe].Index;
        Worker last = _heap[--_count];
        _heap[_count] = null!;
        if (last != worker)
        {
            Put(last, hole);
            Move(last);
        }
    }

    /// <summary>Restores the order after the key of this worker changed.</summary>
    public void Move(Worker worker)
    {
        int index = worker.Places[stripe].Index;
        while (index > 0 && IsBefore(worker, _heap[(index - 1) / 2]))
        {
            Put(_heap[(index - 1) / 2], index);
            index = (index - 1) / 2;
        }

        for (int child = 2 * index + 1; child < _count; child = 2 * index + 1)
        {
            if (child + 1 < _count && IsBefore(_heap[child + 1], _heap[child]))
            {
                child++;
            }

            if (!IsBefore(_heap[child], worker))
            {
                break;
            }

            Put(_heap[child], index);
            index = child;
        }

        Put(worker, index);
    }

    /// <summary>
    /// The first worker that the member does not leave out; null if there is none. It looks at one worker more than can be
    /// left out, which is <see cref="Member.MaxLeftOut"/>, <see cref="RoutingNode.MaxAvoided"/> and the member itself, whatever the size of the queue.
    /// </summary>
    public Worker? First(Member member)
    {
        if (_count == 0 || !member.LeavesOut(_heap[0]))
        {
            return _count == 0 ? null : _heap[0];
        }

        const int MostLooks = Member.MaxLeftOut + RoutingNode.MaxAvoided + 2;

        // Best first: the next in order is always one of the children of those already passed over.
        Span<int> border = stackalloc int[MostLooks + 1];
        int size = 1;
        border[0] = 0;
        for (int looks = 0; size > 0 && looks < MostLooks; looks++)
        {
            int best = 0;
            for (int i = 1; i < size; i++)
            {
                best = IsBefore(_heap[border[i]], _heap[border[best]]) ? i : best;
            }

            int index = border[best];
            if (!member.LeavesOut(_heap[index]))
            {
                return _heap[index];
            }

            border[best] = border[--size];
            for (int child = 2 * index + 1; child <= 2 * index + 2 && child < _count; child++)
            {
                border[size++] = child;
            }
        }

        return null;
    }

    private bool IsBefore(Worker a, Worker b)
    {
        Steps++;
        return EligibleWorkers.Compare(a, b, aTimesGiven: 0, bTimesGiven: 0) < 0;
    }

    private void Put(Worker worker, int index)
    {
        _heap[index] = worker;
        worker.Places[stripe].Index = index;
    }
}
