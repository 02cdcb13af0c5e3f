using System.Globalization;

namespace Xget.Simulation;

/// <summary>Reads settings from words.</summary>
internal static class CommandLine
{
    public const string Usage = """
        usage: Xget.Simulation [--all] [--nodes N] [--size BYTES|nM|nMi|nG|nGi] [--rate MBIT] [--factor PART]
            [--chunk BYTES] [--piece CHUNKS] [--stripes K] [--max-level L] [--max-connections M]
            [--scenario together|spread|kill|slow|stop] [--spread S] [--latency S] [--connect S] [--detect S]
            [--stall S] [--judge S] [--at PART] [--slow-node I] [--stay] [--seed I] [--tolerance PART] [--check] [--tree]
        """;

    /// <summary>The settings that the words ask for; null if one of them is not understood.</summary>
    public static Setting? Read(ReadOnlySpan<string> words)
    {
        Setting setting = new();
        for (int i = 0; i < words.Length; i++)
        {
            if (With(setting, words[i]) is { } flagged)
            {
                setting = flagged;
                continue;
            }

            if (i + 1 == words.Length || With(setting, words[i], words[++i]) is not { } next)
            {
                return null;
            }

            setting = next;
        }

        return setting;
    }

    private static Setting? With(Setting setting, string flag) => flag switch
    {
        "--stay" => setting with { Stay = true },
        "--check" => setting with { IsChecked = true },
        "--tree" => setting with { ShowsTree = true },
        _ => null,
    };

    private static Setting? With(Setting setting, string option, string value)
    {
        if (option == "--scenario")
        {
            return Enum.TryParse(value, ignoreCase: true, out Scenario scenario) ? setting with { Scenario = scenario } : null;
        }

        if (Number(value) is not { } number || number < 0)
        {
            return null;
        }

        int whole = (int)Math.Min(number, int.MaxValue);
        return option switch
        {
            "--nodes" => setting with { Nodes = whole },
            "--size" => setting with { Size = (long)number },
            "--rate" => setting with { Rate = number },
            "--factor" => setting with { Factor = number },
            "--chunk" => setting with { Chunk = whole },
            "--piece" => setting with { Piece = whole },
            "--stripes" => setting with { Stripes = whole },
            "--max-level" => setting with { MaxLevel = whole },
            "--max-connections" => setting with { MaxConnections = whole },
            "--spread" => setting with { Spread = number },
            "--latency" => setting with { Latency = number },
            "--connect" => setting with { Connect = number },
            "--detect" => setting with { Detect = number },
            "--stall" => setting with { Stall = number },
            "--at" => setting with { At = number },
            "--judge" => setting with { Judge = number },
            "--slow-node" => setting with { SlowNode = whole },
            "--seed" => setting with { Seed = whole },
            "--tolerance" => setting with { Tolerance = number },
            _ => null,
        };
    }

    private static double? Number(string text)
    {
        double unit = 1;
        foreach ((string suffix, double factor) in ((string, double)[])
            [("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30), ("M", 1e6), ("G", 1e9)])
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal))
            {
                (text, unit) = (text[..^suffix.Length], factor);
                break;
            }
        }

        return double.TryParse(text, CultureInfo.InvariantCulture, out double number) ? number * unit : null;
    }
}
