using System.Diagnostics;
using Xget.Routing;

namespace Xget.Simulation;

/// <summary>
/// One run: a master that drives the real routing code, and nodes that start, read, serve, fail and end, over a
/// <see cref="FlowNetwork"/>. Node 0 is the master; the flow of node n in stripe s is n times the stripes plus s.
/// </summary>
internal sealed partial class ClusterRun
{
    private readonly Setting _setting;
    private readonly int _stripes;
    private readonly StripeLayout _layout;
    private readonly FlowNetwork _network;
    private readonly Router _router;
    private readonly Random _random;
    private readonly NodeState[] _nodes;
    private readonly int[] _wanted;       // by flow: the parent that the node was told last, -1 if none
    private readonly bool[] _hasBegun;    // by flow: it is decided with which byte it begins
    private readonly PriorityQueue<Event, (double, long)> _events = new();
    private long _eventCount;
    private int _deepest;
    private int _mostRoutes;
    private long _changed;

    public ClusterRun(Setting setting)
    {
        _setting = setting;
        _stripes = setting.Stripes;
        _layout = new StripeLayout(setting);
        _network = new FlowNetwork(setting, _layout);
        _router = new Router(new RoutingOptions
        {
            Stripes = setting.Stripes,
            MaxLevel = setting.MaxLevel,
            MaxConnections = Math.Max(setting.MaxConnections, 2 * setting.Stripes),
        });
        _random = new Random(setting.Seed);
        _nodes = new NodeState[setting.Nodes + 1];
        _wanted = new int[_nodes.Length * _stripes];
        Array.Fill(_wanted, -1);
        _hasBegun = new bool[_wanted.Length];
    }

    private enum Kind : byte
    {
        Ask,        // at the master: the node wants its routes
        Routes,     // at the node: its routes as they are now
        Attach,     // at the parent: the node's first request of a stripe
        Report,     // at the master: the node's parent has failed
        Complete,   // at the master: the node gives its routes back
        Demote,     // at the master: the node's reports have shown that it is too slow to serve
        Lost,       // at the master: the connection to the node is gone
        End,        // at the node: it has served long enough
        Disturb,    // what the scenario has in store
        Show,       // what the tree looks like
    }

    private readonly record struct Event(Kind Kind, int Node, int Flow = -1, int Parent = -1);

    /// <summary>Runs until nothing happens any more.</summary>
    public Outcome Run()
    {
        long start = Stopwatch.GetTimestamp();
        SetUp();
        while (true)
        {
            double flowTime = _network.NextTime;
            if (_events.TryPeek(out _, out (double Time, long) next) && next.Time <= flowTime)
            {
                _network.Now = next.Time;
                Apply(_events.Dequeue());
            }
            else if (double.IsFinite(flowTime))
            {
                if (_network.Step() is >= 0 and int flow)
                {
                    StripeDone(flow / _stripes);
                }

                if (_setting.IsChecked && _network.Events % 1000 == 0)
                {
                    _network.Check();
                }
            }
            else
            {
                break;
            }
        }

        return Summary(Stopwatch.GetElapsedTime(start));
    }

    private void SetUp()
    {
        double spread = _setting.Scenario == Scenario.Spread ? _setting.CopyTime : _setting.Spread;
        double[] starts = new double[_setting.Nodes];
        foreach (ref double time in starts.AsSpan())
        {
            time = _random.NextDouble() * spread;
        }

        Array.Sort(starts);
        for (int node = 1; node < _nodes.Length; node++)
        {
            _nodes[node] = new NodeState(new RoutingNode(node), starts[node - 1]);
            At(starts[node - 1] + _setting.Latency, new Event(Kind.Ask, node));
        }

        if (_setting.ShowsTree)
        {
            At(_setting.At * _setting.CopyTime, new Event(Kind.Show, 0));
        }

        switch (_setting.Scenario)
        {
            case Scenario.Slow:
                _network.SetBandwidth(_setting.SlowNode, _setting.Bandwidth / 10);
                _nodes[_setting.SlowNode].IsDisturbed = true;
                At(starts[_setting.SlowNode - 1] + _setting.Judge, new Event(Kind.Demote, _setting.SlowNode));
                break;
            case Scenario.Kill or Scenario.Stop:
                At(_setting.At * _setting.CopyTime, new Event(Kind.Disturb, 0));
                break;
        }
    }

    private void Apply(Event e)
    {
        NodeState node = _nodes[e.Node];
        switch (e.Kind)
        {
            case Kind.Ask when node.IsAlive:
                node.Member = _router.Join(node.Node, _network.Now);
                SendRoutes(e.Node);
                break;
            case Kind.Routes when node.IsAlive:
                TakeRoutes(e.Node);
                break;
            case Kind.Attach when node.IsAlive && _wanted[e.Flow] == e.Parent && _network.Parent(e.Flow) != e.Parent:
                Attach(e.Flow, e.Parent);
                break;
            case Kind.Report when node.IsAlive && _wanted[e.Flow] == e.Parent && !_network.IsComplete(e.Flow):
                RoutingNode failed = _nodes[e.Parent].Node;
                int stripe = e.Flow % _stripes;
                if (node.Member!.Routes[stripe].Parent == failed)
                {
                    _router.Reroute(node.Member, stripe, failed);
                    SendRoutes(e.Node);
                }

                break;
            case Kind.Complete when node.IsAlive:
                _router.Complete(node.Member!);
                break;
            case Kind.Demote when node.IsAlive && node.Member is not null && node.Finish == 0:
                _router.Demote(node.Member);
                break;
            case Kind.Lost when node.Member is not null:
                _router.Lose(node.Member);
                break;
            case Kind.End when node.IsAlive:
                End(e.Node);
                break;
            case Kind.Show:
                Console.WriteLine(Shape.Of(_router.Snapshot(), _stripes));
                break;
            case Kind.Disturb when _setting.Scenario == Scenario.Kill:
                Kill();
                break;
            case Kind.Disturb:
                Stop();
                break;
        }

        while (_router.Changed.TryDequeue(out Member? member))
        {
            SendRoutes(member.Node.Id);
        }
    }

    private void SendRoutes(int node) => After(_setting.Latency, new Event(Kind.Routes, node));

    /// <summary>The node compares its routes with those it was told before, and turns to its new parents; an old one gives
    /// what it has until then.</summary>
    private void TakeRoutes(int node)
    {
        NodeState self = _nodes[node];
        bool isFirst = _wanted[node * _stripes] < 0;
        foreach (StripeRoute route in self.Member!.Routes)
        {
            int flow = node * _stripes + route.Stripe;
            int parent = route.Parent?.Id ?? 0;
            if (_wanted[flow] == parent || _network.IsComplete(flow))
            {
                continue;
            }

            _changed += isFirst ? 0 : 1;
            _deepest = Math.Max(_deepest, route.Level);
            _mostRoutes = Math.Max(_mostRoutes, route.Parent is null ? 0 : _router.Connections(route.Parent));
            _wanted[flow] = parent;
            After(ReadsFrom(node, parent) ? 0 : _setting.Connect, new Event(Kind.Attach, node, flow, parent));
        }
    }

    /// <summary>Who comes late begins where its parent is, as a node does (Xget.Node: Transfer.Front), and that is known.
    /// </summary>
    private bool Begins(int flow, int parent)
    {
        int stripe = flow % _stripes;
        int above = parent * _stripes + stripe;
        if (parent > 0 && !_hasBegun[above])
        {
            return false;
        }

        double start = _layout.WholeChunks(stripe,
            parent == 0 || _network.IsComplete(above) ? _network.Front(stripe) : _network.Place(above));
        if (start * _stripes >= 1 << 20)
        {
            _network.Begin(flow, start);
        }

        return _hasBegun[flow] = true;
    }

    private void Attach(int flow, int parent)
    {
        if (parent > 0 && !_nodes[parent].IsAlive)
        {
            // Nobody there: refused at once.
            After(_setting.Latency, new Event(Kind.Report, flow / _stripes, flow, parent));
            return;
        }

        if (!_hasBegun[flow] && !Begins(flow, parent))
        {
            After(_setting.Latency, new Event(Kind.Attach, flow / _stripes, flow, parent));
            return;
        }

        Release(flow, isMove: true);
        _network.Attach(flow, parent);
        if (parent > 0 && _nodes[parent].IsStopped)
        {
            After(_setting.Stall, new Event(Kind.Report, flow / _stripes, flow, parent));
        }
    }

    private void StripeDone(int node)
    {
        NodeState self = _nodes[node];
        if (++self.StripesDone < _stripes)
        {
            return;
        }

        double own = _network.Now - self.Start;
        self.Finish = _network.Now;
        After(_setting.Latency, new Event(Kind.Complete, node));
        for (int flow = node * _stripes; flow < (node + 1) * _stripes; flow++)
        {
            Release(flow);
        }

        if (_network.Served(node).Length == 0)
        {
            End(node);
        }
        else if (!_setting.Stay)
        {
            After(own, new Event(Kind.End, node));
        }
    }

    /// <summary>Lets go of a parent, which ends if it is done and this was its last child.</summary>
    private void Release(int flow, bool isMove = false)
    {
        int parent = _network.Parent(flow);
        _network.Detach(flow, isMove);
        if (parent > 0 && _nodes[parent].Finish > 0 && _network.Served(parent).Length == 0)
        {
            End(parent);
        }
    }

    /// <summary>A node that is done goes.</summary>
    private void End(int node)
    {
        if (!_setting.Stay && _nodes[node].IsAlive)
        {
            _nodes[node].IsAlive = false;
            Drop(node, _setting.Latency);
        }
    }

    /// <summary>A node's connections are gone; who is at their other end knows after this delay or up to twice that.
    /// </summary>
    private void Drop(int node, double delay)
    {
        // A death is noticed by the master first: its children must ask it, which takes a message more.
        After(delay, new Event(Kind.Lost, node));
        for (int flow = node * _stripes; flow < (node + 1) * _stripes; flow++)
        {
            Release(flow);
        }

        foreach (int flow in _network.Served(node).ToArray())
        {
            _network.Detach(flow);
            After(delay * (1 + _random.NextDouble()) + _setting.Latency, new Event(Kind.Report, flow / _stripes, flow, node));
        }
    }

    private bool ReadsFrom(int node, int parent)
    {
        for (int flow = node * _stripes; flow < (node + 1) * _stripes; flow++)
        {
            if (_network.Parent(flow) == parent)
            {
                return true;
            }
        }

        return false;
    }

    private void After(double delay, Event e) => At(_network.Now + delay, e);

    private void At(double time, Event e) => _events.Enqueue(e, (time, _eventCount++));
}
