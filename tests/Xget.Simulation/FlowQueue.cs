namespace Xget.Simulation;

/// <summary>When each flow reaches its target: a 4-ary heap in which a flow's time can be changed.</summary>
internal sealed class FlowQueue
{
    private readonly int[] _places;
    private (double Time, int Flow)[] _heap = new (double, int)[1024];

    public FlowQueue(int flows)
    {
        _places = new int[flows];
        Array.Fill(_places, -1);
    }

    public int Count { get; private set; }

    public (double Time, int Flow) First => _heap[0];

    public bool Contains(int flow) => _places[flow] >= 0;

    /// <summary>Adds a flow or changes its time.</summary>
    public void Set(int flow, double time)
    {
        int place = _places[flow];
        if (place < 0)
        {
            if (Count == _heap.Length)
            {
                Array.Resize(ref _heap, 2 * Count);
            }

            place = Count++;
        }

        Sift(place, (time, flow));
    }

    public void Remove(int flow)
    {
        int place = _places[flow];
        _places[flow] = -1;
        (double, int) last = _heap[--Count];
        if (place < Count)
        {
            Sift(place, last);
        }
    }

    private void Sift(int place, (double Time, int Flow) entry)
    {
        while (place > 0 && IsBefore(entry, _heap[(place - 1) / 4]))
        {
            Put(place, _heap[(place - 1) / 4]);
            place = (place - 1) / 4;
        }

        for (int child = 4 * place + 1; child < Count; child = 4 * place + 1)
        {
            int end = Math.Min(child + 4, Count);
            for (int other = child + 1; other < end; other++)
            {
                child = IsBefore(_heap[other], _heap[child]) ? other : child;
            }

            if (!IsBefore(_heap[child], entry))
            {
                break;
            }

            Put(place, _heap[child]);
            place = child;
        }

        Put(place, entry);
    }

    private void Put(int place, (double Time, int Flow) entry)
    {
        _heap[place] = entry;
        _places[entry.Flow] = place;
    }

    private static bool IsBefore((double Time, int Flow) a, (double Time, int Flow) b) =>
        a.Time < b.Time || (a.Time == b.Time && a.Flow < b.Flow);
}
