namespace Xget.Simulation;

/// <summary>The rates beside those of progressive filling over the whole network, the textbook's algorithm.</summary>
internal sealed partial class FlowNetwork
{
    /// <summary>How far a rate was off at most, as a part of what is fair.</summary>
    public double WorstRate { get; private set; }

    /// <summary>The most that a link carried over its capacity, as a part of that.</summary>
    public double WorstLoad { get; private set; }

    /// <summary>Compares all rates as they are now.</summary>
    public void Check()
    {
        Share();
        double[] free = new double[_links.Length];
        int[] open = new int[_links.Length];
        double[] load = new double[_links.Length];
        List<int> rising = [];
        for (int link = 0; link < _links.Length; link++)
        {
            free[link] = _links[link].Capacity;
        }

        for (int flow = 0; flow < _flows.Length; flow++)
        {
            if (_flows[flow].Rate > 0)
            {
                rising.Add(flow);
                open[Up(flow)]++;
                open[Down(flow)]++;
                load[Up(flow)] += _flows[flow].Rate;
                load[Down(flow)] += _flows[flow].Rate;
            }
        }

        for (int link = 0; link < _links.Length; link++)
        {
            WorstLoad = Math.Max(WorstLoad, load[link] / _links[link].Capacity - 1);
        }

        // All rates rise together; the flows of the link that is full first stay where they are.
        while (rising.Count > 0)
        {
            double level = double.PositiveInfinity;
            foreach (int flow in rising)
            {
                level = Math.Min(level, Math.Min(free[Up(flow)] / open[Up(flow)], free[Down(flow)] / open[Down(flow)]));
            }

            List<int> full = rising.FindAll(flow => IsFull(Up(flow)) || IsFull(Down(flow)));
            foreach (int flow in full)
            {
                WorstRate = Math.Max(WorstRate, Math.Abs(_flows[flow].Rate / level - 1));
                foreach (int link in (ReadOnlySpan<int>)[Up(flow), Down(flow)])
                {
                    free[link] -= level;
                    open[link]--;
                }
            }

            rising.RemoveAll(full.ToHashSet().Contains);

            bool IsFull(int link) => free[link] / open[link] <= level * (1 + 1e-9);
        }
    }

    private int Up(int flow) => _flows[flow].Parent;

    private int Down(int flow) => _downlinks + flow / _stripes;
}
