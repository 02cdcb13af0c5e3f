using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Xget.Content;

namespace Xget.Node.Wire;

/// <summary>What became of a publishing: the text of <c>/.xget/publish</c> (PROTOCOL.md). Immutable.</summary>
public sealed record PublishReport
{
    private const int MostLeftOutNamed = 20;
    private const int MostLineLength = 500;

    /// <summary>Why nothing was published; null if all went well.</summary>
    public string? Failure { get; init; }

    /// <summary>The number of the generation that is published.</summary>
    public ulong Number { get; init; }

    /// <summary>Its root digest.</summary>
    public Digest Root { get; init; }

    /// <summary>Names of regular files in it.</summary>
    public long Files { get; init; }

    /// <summary>Bytes in regular files; hard-linked ones count once.</summary>
    public long Bytes { get; init; }

    /// <summary>What distinguishes it from the one before; null if that is still published, since nothing has changed.</summary>
    public TreeDifference? Difference { get; init; }

    /// <summary>Entries of the source that are not in it.</summary>
    public long LeftOut { get; init; }

    /// <summary>Some of those that were left out: <c>PATH: REASON</c>.</summary>
    public ImmutableArray<string> LeftOutNames { get; init; } = [];

    /// <summary>The report of a publishing that failed; the reason is one line.</summary>
    public static PublishReport Failed(string reason) => new() { Failure = Line(Encoding.UTF8.GetBytes(reason)) };

    /// <summary>The report of a publishing that gave this.</summary>
    /// <param name="generation">What is published now.</param>
    /// <param name="difference">To the generation before; null if that is the same.</param>
    public static PublishReport Of(Generation generation, TreeDifference? difference)
    {
        List<string> names = [];
        foreach (string warning in generation.Warnings)
        {
            if (names.Count < MostLeftOutNamed && warning.StartsWith(Content.LeftOut.LinePrefix, StringComparison.Ordinal))
                names.Add(warning[Content.LeftOut.LinePrefix.Length..]);
        }
        return new PublishReport
        {
            Number = generation.Number,
            Root = generation.Root,
            Files = generation.Files,
            Bytes = generation.Bytes,
            Difference = difference,
            LeftOut = generation.LeftOut,
            LeftOutNames = [.. names],
        };
    }

    /// <summary>One line for people.</summary>
    public string Summary => Failure is not null ? $"not published: {Failure}"
        : Difference is not { } d ? "nothing has changed"
        : string.Create(CultureInfo.InvariantCulture,
            $"generation {Number}: {Files} files, {Bytes} bytes; {d.Count} changed ({d.Added} added, {d.Removed} removed, {d.Changed} in place)") +
          (d.First.IsEmpty ? "" : $": {string.Join(", ", d.First)}{(d.Count > d.First.Length ? ", ..." : "")}");

    /// <summary>The file's text.</summary>
    public string Format()
    {
        if (Failure is not null)
            return $"failed {Failure}\n";
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"generation {Number} {Root}\nfiles {Files}\nbytes {Bytes}\n");
        TreeDifference d = Difference ?? new TreeDifference(0, 0, 0, []);
        text.Append(CultureInfo.InvariantCulture, $"changed {d.Count} {d.Added} {d.Removed} {d.Changed}\n");
        if (Difference is null)
            text.Append("unchanged\n");
        foreach (string line in d.First)
            text.Append("entry ").Append(Line(Encoding.UTF8.GetBytes(line))).Append('\n');
        text.Append(CultureInfo.InvariantCulture, $"left-out {LeftOut}\n");
        foreach (string line in LeftOutNames)
            text.Append("missing ").Append(Line(Encoding.UTF8.GetBytes(line))).Append('\n');
        return text.ToString();
    }

    /// <summary>Reads the file, whoever wrote it; lines it does not know are skipped. Null if it is no report.</summary>
    public static PublishReport? Parse(ReadOnlySpan<byte> text)
    {
        var report = new PublishReport();
        (long Added, long Removed, long Changed) counts = default;
        bool isUnchanged = false;
        List<string> entries = [], missing = [];
        while (text.Length > 0)
        {
            int end = text.IndexOf((byte)'\n');
            string line = Line(end < 0 ? text : text[..end]);
            text = end < 0 ? default : text[(end + 1)..];
            string[] words = line.Split(' ');
            switch (words[0])
            {
                case "failed":
                    return Failed(line["failed".Length..].Trim());
                case "generation" when words.Length >= 3 && ulong.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
                                       && Digest.TryParse(Encoding.ASCII.GetBytes(words[2]), out Digest root):
                    report = report with { Number = number, Root = root };
                    break;
                case "files" when words.Length >= 2:
                    report = report with { Files = Count(words[1]) };
                    break;
                case "bytes" when words.Length >= 2:
                    report = report with { Bytes = Count(words[1]) };
                    break;
                case "changed" when words.Length >= 5:
                    counts = (Count(words[2]), Count(words[3]), Count(words[4]));
                    break;
                case "unchanged":
                    isUnchanged = true;
                    break;
                case "entry" when words.Length >= 2 && entries.Count < TreeDifference.MostNamed:
                    entries.Add(line["entry ".Length..]);
                    break;
                case "left-out" when words.Length >= 2:
                    report = report with { LeftOut = Count(words[1]) };
                    break;
                case "missing" when words.Length >= 2 && missing.Count < MostLeftOutNamed:
                    missing.Add(line["missing ".Length..]);
                    break;
                default:
                    break;
            }
        }
        return report.Number == 0 ? null : report with
        {
            Difference = isUnchanged ? null : new TreeDifference(counts.Added, counts.Removed, counts.Changed, [.. entries]),
            LeftOutNames = [.. missing],
        };
    }

    private static long Count(string word) =>
        long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out long count) ? count : 0;

    private static string Line(ReadOnlySpan<byte> bytes)
    {
        string line = FileName.PrintableLine(bytes);
        return line.Length <= MostLineLength ? line : line[..MostLineLength] + "...";
    }
}
