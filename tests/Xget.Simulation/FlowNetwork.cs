namespace Xget.Simulation;

/// <summary>
/// Links and flows: each node has an uplink and a downlink behind a switch without limit, and the flows that have something
/// to move share them max-min fairly. Whoever uses it sets <see cref="Now"/>, changes what he likes, and then asks for
/// <see cref="NextTime"/>.
/// </summary>
internal sealed partial class FlowNetwork
{
    private readonly StripeLayout _layout;
    private readonly int _stripes;
    private readonly Flow[] _flows;
    private readonly Link[] _links;        // uplinks of the master and the nodes, then their downlinks
    private readonly int _downlinks;       // index of the master's downlink
    private readonly int[][] _served;      // by node: the flows from it, active ones first
    private readonly int[] _servedCount;
    private readonly double[] _sent;
    private readonly bool[] _frozen;
    private readonly FlowQueue _queue;

    public FlowNetwork(Setting setting, StripeLayout layout)
    {
        int members = setting.Nodes + 1;
        _layout = layout;
        _stripes = setting.Stripes;
        _tolerance = Math.Max(setting.Tolerance, 1e-6);
        _flows = new Flow[members * _stripes];
        _links = new Link[2 * members];
        _downlinks = members;
        _served = new int[members][];
        _servedCount = new int[members];
        _sent = new double[members];
        _frozen = new bool[members];
        _queue = new FlowQueue(_flows.Length);
        Array.Fill(_served, []);
        foreach (ref Flow flow in _flows.AsSpan())
        {
            flow.Parent = -1;
        }

        for (int node = 0; node < members; node++)
        {
            SetBandwidth(node, setting.Bandwidth);
        }
    }

    public double Now { get; set; }

    /// <summary>Events so far.</summary>
    public long Events { get; private set; }

    /// <summary>When the next flow reaches its target; infinite when nothing moves.</summary>
    public double NextTime
    {
        get
        {
            Share();
            return _queue.Count == 0 ? double.PositiveInfinity : _queue.First.Time;
        }
    }

    /// <summary>Bytes that a node has sent; exact for flows that have ended or changed their rate.</summary>
    public double Sent(int node) => _sent[node];

    public int Parent(int flow) => _flows[flow].Parent;

    public bool IsComplete(int flow) => _flows[flow].Position >= _layout.Length(flow % _stripes);

    /// <summary>The flows that read from a node now.</summary>
    public ReadOnlySpan<int> Served(int node) => _served[node].AsSpan(0, _servedCount[node]);

    /// <summary>A node that has nothing of a stripe yet begins there.</summary>
    public void Begin(int flow, double start) => _flows[flow].Start = start;

    /// <summary>How far in a stripe the master is; 0 when nobody reads it from there.</summary>
    public double Front(int stripe)
    {
        double front = 0;
        foreach (int flow in Served(0))
        {
            if (flow % _stripes == stripe)
            {
                front = Math.Max(front, Place(flow));
            }
        }

        return front;
    }

    /// <summary>Where in its stripe a flow is now.</summary>
    public double Place(int flow)
    {
        ref Flow f = ref _flows[flow];
        return (f.Start + f.Position + f.Rate * (Now - f.Since)) % _layout.Length(flow % _stripes);
    }

    /// <summary>Gives a node, which has no flows yet, links of that speed.</summary>
    public void SetBandwidth(int node, double bandwidth)
    {
        foreach (int link in (ReadOnlySpan<int>)[node, _downlinks + node])
        {
            _links[link].Capacity = _links[link].Level = bandwidth;
        }
    }

    /// <summary>Neither sends nor receives from now on.</summary>
    public void Freeze(int node)
    {
        _frozen[node] = true;
        for (int flow = node * _stripes; flow < (node + 1) * _stripes; flow++)
        {
            Deactivate(flow);
        }

        foreach (int flow in Served(node).ToArray())
        {
            Deactivate(flow);
        }
    }

    /// <summary>The node begins to read a stripe from a parent, where it left off.</summary>
    public void Attach(int flow, int parent)
    {
        ref Flow f = ref _flows[flow];
        int stripe = flow % _stripes;
        if (_servedCount[parent] == _served[parent].Length)
        {
            Array.Resize(ref _served[parent], Math.Max(4, 2 * _servedCount[parent]));
        }

        f.Parent = parent;
        f.Slot = _servedCount[parent]++;
        _served[parent][f.Slot] = flow;
        f.Limit = _layout.Length(stripe);
        if (parent > 0)
        {
            int source = parent * _stripes + stripe;
            _flows[source].Children++;
            Retarget(source);
            f.Limit = LimitOf(flow, source);
        }

        Activate(flow);
    }

    /// <summary>The node reads the stripe from nobody; what it has of an unfinished chunk is lost, if this is no move to
    /// another parent.</summary>
    public void Detach(int flow, bool isMove = false)
    {
        ref Flow f = ref _flows[flow];
        if (f.Parent < 0)
        {
            return;
        }

        Deactivate(flow);
        Swap(f.Parent, f.Slot, --_servedCount[f.Parent]);
        if (f.Parent > 0)
        {
            _flows[f.Parent * _stripes + flow % _stripes].Children--;
        }

        f.Parent = -1;
        f.Position = isMove ? f.Position : _layout.WholeChunks(flow % _stripes, f.Position);
    }

    /// <summary>Applies the event of <see cref="NextTime"/>.</summary>
    /// <returns>The flow whose stripe is complete now, or -1.</returns>
    public int Step()
    {
        (Now, int flow) = _queue.First;
        Events++;
        ref Flow f = ref _flows[flow];
        int stripe = flow % _stripes;
        _sent[f.Parent] += f.Target - f.Position;
        (f.Position, f.Since) = (f.Target, Now);
        if (f.Children > 0)
        {
            int node = flow / _stripes;
            // Who becomes active moves to the front of the list, in exchange for one that was looked at already.
            for (int slot = 0; slot < _servedCount[node]; slot++)
            {
                int child = _served[node][slot];
                if (child % _stripes == stripe && LimitOf(child, flow) is var limit && _flows[child].Limit < limit)
                {
                    _flows[child].Limit = limit;
                    Activate(child);
                }
            }
        }

        if (f.Position < f.Limit)
        {
            Aim(flow);
            return -1;
        }

        Deactivate(flow);
        return IsComplete(flow) ? flow : -1;
    }

    /// <summary>How far a child can go with what its parent has: up to where that ends, if it holds what the child wants next.
    /// </summary>
    private double LimitOf(int flow, int source)
    {
        ref Flow child = ref _flows[flow];
        ref Flow parent = ref _flows[source];
        double length = _layout.Length(flow % _stripes);
        double available = _layout.Available(flow % _stripes, parent.Position);
        if (available >= length)
        {
            return length;
        }

        // A few chunks that the parent began behind it fetches for the child before its own: taken as done.
        double from = (child.Start + child.Position - parent.Start + length) % length;
        from = from > length - _layout.Few ? 0 : from;
        return from <= available ? Math.Min(length, child.Position + available - from) : child.Position;
    }

    private void Activate(int flow)
    {
        ref Flow f = ref _flows[flow];
        int node = flow / _stripes;
        if (f.Rate > 0 || f.Position >= f.Limit || _frozen[node] || _frozen[f.Parent])
        {
            return;
        }

        ref Link up = ref _links[f.Parent];
        ref Link down = ref _links[_downlinks + node];
        Swap(f.Parent, f.Slot, up.Active++);
        down.Active++;
        f.Since = Now;
        f.Rate = Math.Min(up.Level, down.Level);
        Aim(flow);
        Enqueue(f.Parent);
        Enqueue(_downlinks + node);
    }

    private void Deactivate(int flow)
    {
        ref Flow f = ref _flows[flow];
        if (f.Rate == 0)
        {
            return;
        }

        int downlink = _downlinks + flow / _stripes;
        Advance(ref f);
        f.Rate = 0;
        _queue.Remove(flow);
        Swap(f.Parent, f.Slot, --_links[f.Parent].Active);
        _links[downlink].Active--;
        Enqueue(f.Parent);
        Enqueue(downlink);
    }

    /// <summary>Counts what has moved since the last event of this flow.</summary>
    private void Advance(ref Flow f)
    {
        double position = Math.Min(f.Position + f.Rate * (Now - f.Since), f.Target);
        _sent[f.Parent] += position - f.Position;
        (f.Position, f.Since) = (position, Now);
    }

    /// <summary>The flow has children now: it must stop where there is something to tell them.</summary>
    private void Retarget(int flow)
    {
        ref Flow f = ref _flows[flow];
        if (f.Rate > 0)
        {
            Advance(ref f);
            if (f.Position < f.Target)
            {
                Aim(flow);
            }
        }
    }

    private void Aim(int flow)
    {
        ref Flow f = ref _flows[flow];
        f.Target = f.Children == 0 ? f.Limit : Math.Min(f.Limit, _layout.NextMilestone(flow % _stripes, f.Position));
        _queue.Set(flow, Now + (f.Target - f.Position) / f.Rate);
    }

    private void Swap(int parent, int a, int b)
    {
        int[] served = _served[parent];
        (served[a], served[b]) = (served[b], served[a]);
        _flows[served[a]].Slot = a;
        _flows[served[b]].Slot = b;
    }
}
