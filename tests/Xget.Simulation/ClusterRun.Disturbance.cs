namespace Xget.Simulation;

/// <summary>What goes wrong in the middle of a run, and its figures at the end.</summary>
internal sealed partial class ClusterRun
{
    private const double KilledPart = 0.3;

    private void Kill()
    {
        int[] victims = ByChildren();
        foreach (int node in victims.AsSpan(0, (int)(KilledPart * victims.Length)))
        {
            _nodes[node].IsAlive = false;
            _nodes[node].IsDisturbed = true;
            Drop(node, _setting.Detect);
        }
    }

    /// <summary>Its children see nothing come for the stall time; the nodes below them find that their parents answer, and
    /// are patient.</summary>
    private void Stop()
    {
        int node = ByChildren()[0];
        _nodes[node].IsStopped = true;
        _nodes[node].IsDisturbed = true;
        _network.Freeze(node);
        foreach (int flow in _network.Served(node))
        {
            After(_setting.Stall, new Event(Kind.Report, flow / _stripes, flow, node));
        }
    }

    /// <summary>The nodes that run, those with the most children first.</summary>
    private int[] ByChildren()
    {
        List<int> running = [];
        for (int node = 1; node < _nodes.Length; node++)
        {
            if (_nodes[node].IsAlive)
            {
                running.Add(node);
            }
        }

        running.Sort((a, b) => (-_network.Served(a).Length, a).CompareTo((-_network.Served(b).Length, b)));
        return [.. running];
    }

    private Outcome Summary(TimeSpan elapsed)
    {
        List<double> ends = [];
        List<double> own = [];
        int missing = 0;
        double mostSent = 0;
        for (int node = 1; node < _nodes.Length; node++)
        {
            NodeState state = _nodes[node];
            mostSent = Math.Max(mostSent, _network.Sent(node));
            if (state.Finish > 0 && !state.IsDisturbed)
            {
                ends.Add(state.Finish);
                own.Add(state.Finish - state.Start);
            }
            else if (!state.IsDisturbed)
            {
                missing++;
            }
        }

        ends.Sort();
        own.Sort();
        return new Outcome(_setting)
        {
            Missing = missing,
            Last = At(ends, 1),
            Median = At(ends, 0.5),
            LastOwn = At(own, 1),
            MedianOwn = At(own, 0.5),
            MostOwn = At(own, 0.9),
            MasterSent = _network.Sent(0),
            MostSent = mostSent,
            Deepest = _deepest,
            MostRoutes = _mostRoutes,
            Changed = _changed,
            Router = _router,
            FlowEvents = _network.Events,
            Levels = _network.Levels,
            WorstRate = _network.WorstRate,
            WorstLoad = _network.WorstLoad,
            Elapsed = elapsed,
        };

        static double At(List<double> sorted, double part) =>
            sorted.Count == 0 ? double.NaN : sorted[(int)Math.Ceiling(part * sorted.Count) - 1];
    }
}
