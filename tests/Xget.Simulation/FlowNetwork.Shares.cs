namespace Xget.Simulation;

/// <summary>
/// Max-min fair sharing. Each link has a level, the most that it gives to one flow, such that its flows, each bounded by
/// the level of its other link too, fill it. Levels that fit each other everywhere are the max-min fair rates. An event
/// disturbs two links; the levels are computed anew from there on outwards until the rates change by less than the tolerance.
/// </summary>
internal sealed partial class FlowNetwork
{
    private readonly double _tolerance;
    private readonly Queue<int> _disturbed = [];
    private double[] _bounds = new double[64];

    /// <summary>Levels computed so far.</summary>
    public long Levels { get; private set; }

    private void Enqueue(int link)
    {
        if (!_links[link].IsQueued)
        {
            _links[link].IsQueued = true;
            _disturbed.Enqueue(link);
        }
    }

    private void Share()
    {
        while (_disturbed.TryDequeue(out int link))
        {
            _links[link].IsQueued = false;
            ShareLink(link);
        }
    }

    private void ShareLink(int link)
    {
        ref Link l = ref _links[link];
        if (l.Active == 0)
        {
            l.Level = l.Capacity;
            l.ActiveAtLevel = 0;
            return;
        }

        // With thousands of flows one more or less makes no difference worth looking at all of them.
        if (l.Active != l.ActiveAtLevel && Math.Abs(l.Active - l.ActiveAtLevel) < _tolerance * l.ActiveAtLevel)
        {
            return;
        }

        Levels++;
        bool isUplink = link < _downlinks;
        ReadOnlySpan<int> flows = isUplink ? _served[link].AsSpan(0, l.Active) : default;
        if (_bounds.Length < l.Active)
        {
            _bounds = new double[2 * l.Active];
        }

        int count = 0;
        int first = (link - _downlinks) * _stripes;
        if (isUplink)
        {
            foreach (int flow in flows)
            {
                _bounds[count++] = _links[_downlinks + flow / _stripes].Level;
            }
        }
        else
        {
            foreach (ref Flow flow in _flows.AsSpan(first, _stripes))
            {
                if (flow.Rate > 0)
                {
                    _bounds[count++] = _links[flow.Parent].Level;
                }
            }
        }

        l.Level = Level(l.Capacity, _bounds.AsSpan(0, count));
        l.ActiveAtLevel = l.Active;
        count = 0;
        if (isUplink)
        {
            foreach (int flow in flows)
            {
                SetRate(flow, Math.Min(l.Level, _bounds[count++]), _downlinks + flow / _stripes);
            }
        }
        else
        {
            for (int flow = first; flow < first + _stripes; flow++)
            {
                if (_flows[flow].Rate > 0)
                {
                    SetRate(flow, Math.Min(l.Level, _bounds[count++]), _flows[flow].Parent);
                }
            }
        }
    }

    private void SetRate(int flow, double rate, int otherLink)
    {
        ref Flow f = ref _flows[flow];
        if (Math.Abs(rate - f.Rate) > _tolerance * f.Rate)
        {
            Advance(ref f);
            f.Rate = rate;
            _queue.Set(flow, Now + (f.Target - f.Position) / rate);
            Enqueue(otherLink);
        }
    }

    /// <summary>The level to which flows with these bounds fill a link; its capacity if they cannot.</summary>
    private static double Level(double capacity, ReadOnlySpan<double> bounds)
    {
        double level = capacity / bounds.Length;
        while (true)
        {
            double bounded = 0;
            int free = 0;
            foreach (double bound in bounds)
            {
                if (bound < level)
                {
                    bounded += bound;
                }
                else
                {
                    free++;
                }
            }

            if (free == 0)
            {
                return capacity;
            }

            double next = (capacity - bounded) / free;
            if (next <= level * (1 + 1e-9))
            {
                return level;
            }

            level = next;
        }
    }
}
