using System.Globalization;
using System.Text.RegularExpressions;

namespace Xget.Lab;

/// <summary>The line in which a client sums up its copy; sizes in bytes, as exact as they are printed.</summary>
public sealed partial record CopySummary(long Files, double Bytes, double FromMaster, double FromWorkers, long Retries)
{
    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB"];

    /// <summary>Bytes that came over the network.</summary>
    public double Moved => FromMaster + FromWorkers;

    /// <summary>The last such line in the client's output, if there is one.</summary>
    public static CopySummary? Find(string output) => Line().Matches(output).LastOrDefault() is { } m
        ? new CopySummary((long)Number(m, 1), Amount(m, 2), Amount(m, 4), Amount(m, 6), (long)Number(m, 8))
        : null;

    private static double Number(Match m, int group) => double.Parse(m.Groups[group].Value, CultureInfo.InvariantCulture);

    private static double Amount(Match m, int group)
    {
        int unit = Array.IndexOf(Units, m.Groups[group + 1].Value);
        return Number(m, group) * Math.Pow(1000, Math.Max(unit, 0));
    }

    [GeneratedRegex(
        @"^xget: (\d+) files?, ([\d.]+) (\w+) in [\d.]+ s \(.*\): "
        + @"([\d.]+) (\w+) from the master, ([\d.]+) (\w+) from workers, (\d+) retr",
        RegexOptions.Multiline)]
    private static partial Regex Line();
}
