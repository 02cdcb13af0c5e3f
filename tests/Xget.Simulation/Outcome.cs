using System.Globalization;

namespace Xget.Simulation;

/// <summary>The figures of one run. Times in seconds, amounts in bytes.</summary>
internal sealed record Outcome(Setting Setting)
{
    public required Router Router { get; init; }

    /// <summary>When the last node had everything, counted from the start of the first; disturbed nodes left out.</summary>
    public double Last { get; init; }

    public double Median { get; init; }

    /// <summary>The longest that a node took from its own start.</summary>
    public double LastOwn { get; init; }

    public double MedianOwn { get; init; }

    /// <summary>What nine of ten nodes did not exceed.</summary>
    public double MostOwn { get; init; }

    /// <summary>Undisturbed nodes that never had everything.</summary>
    public int Missing { get; init; }

    public double MasterSent { get; init; }

    /// <summary>The most that any node sent.</summary>
    public double MostSent { get; init; }

    public int Deepest { get; init; }

    /// <summary>The most routes that were held to one node when somebody was sent there.</summary>
    public int MostRoutes { get; init; }

    /// <summary>Routes that a node was given after its first ones.</summary>
    public long Changed { get; init; }

    public long FlowEvents { get; init; }

    public long Levels { get; init; }

    /// <summary>How far a rate was off at most, as a part of what is fair; only with <see cref="Setting.IsChecked"/>.</summary>
    public double WorstRate { get; init; }

    /// <summary>The most that a link carried over its capacity, as a part of that.</summary>
    public double WorstLoad { get; init; }

    public TimeSpan Elapsed { get; init; }

    public static string Heading =>
        "scenario   nodes      F    B  k  L  m  chunk   x |   last  50 % |    own  90 %  50 % | nominal | master  most  load depth changed | join  ask anew  all s | seconds events";

    /// <summary>One line of the table, under <see cref="Heading"/>.</summary>
    public string Line()
    {
        double copy = Setting.CopyTime;
        double nominal = Setting.Size * 8 / (Setting.Rate * 1e6);
        double routing = (Router.Joins.Elapsed + Router.Reroutes.Elapsed + Router.Ends.Elapsed).TotalSeconds;
        string name = Setting.Scenario.ToString().ToLowerInvariant() + (Setting.Stay ? "+" : "");
        string line = string.Create(CultureInfo.InvariantCulture,
            $"{name,-8} {Setting.Nodes,7} {Setting.Size / 1e6,6:0} {Setting.Rate,4:0} {Setting.Stripes,2} {Setting.MaxLevel,2} " +
            $"{Setting.MaxConnections,2} {Setting.ChunkSize >> 10,5}K {Setting.PieceChunks,3} | {Last / copy,6:0.000} {Median / copy,5:0.000} | " +
            $"{LastOwn / copy,6:0.000} {MostOwn / copy,5:0.000} {MedianOwn / copy,5:0.000} | {Last / nominal,7:0.000} | " +
            $"{MasterSent / Setting.Size,6:0.00} {MostSent / Setting.Size,5:0.00} {(double)MostRoutes / Setting.Stripes,5:0.00} {Deepest,5} {Changed,7} | " +
            $"{Each(Router.Joins.Elapsed, Router.JoinCount),4:0.0} {Each(Router.Reroutes.Elapsed, Router.RerouteCount),9:0.0} {routing,6:0.00} | " +
            $"{Elapsed.TotalSeconds,7:0.0} {FlowEvents / 1e6,5:0.0}M");
        if (Setting.IsChecked)
        {
            line += string.Create(CultureInfo.InvariantCulture,
                $"  rates off by at most {WorstRate:P2}, links overloaded by {WorstLoad:P2}, {(double)Levels / FlowEvents:0.0} levels an event");
        }

        return Missing == 0 ? line : line + $"  {Missing} NEVER DONE";
    }

    private static double Each(TimeSpan time, long count) => count == 0 ? 0 : time.TotalMicroseconds / count;
}
