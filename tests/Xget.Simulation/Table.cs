namespace Xget.Simulation;

/// <summary>The runs of the whole table.</summary>
internal static class Table
{
    public static IEnumerable<Setting> Settings(Setting basis)
    {
        foreach (long size in (long[])[10_000_000, 20_000_000, 50_000_000])
        {
            foreach (Scenario scenario in Enum.GetValues<Scenario>())
            {
                yield return basis with { Nodes = 91, Size = size, Rate = 20, Spread = 0.1, Scenario = scenario };
            }
        }

        foreach ((int nodes, double spread) in ((int, double)[])[(1_000, 1), (10_000, 2), (100_000, 5)])
        {
            foreach (Scenario scenario in Enum.GetValues<Scenario>())
            {
                yield return basis with { Nodes = nodes, Size = 4L << 30, Rate = 1000, Spread = spread, Scenario = scenario };
            }
        }
    }
}
