using System.Text.RegularExpressions;

namespace Xget.Lab;

/// <summary>
/// Compares two trees with find, stat, getfattr and diff only: type, mode, owner, mtime (ns), size, link target,
/// hard-link groups, device numbers, extended attributes, bytes, and that holes have stayed holes.
/// </summary>
public static partial class TreeWitness
{
    private const int ShownDifferences = 20;

    /// <summary>Throws an exception that names the first differences, if there are any.</summary>
    public static void ExpectSame(string original, string copy)
    {
        List<string> differences = [.. Differences(Manifest(original), Manifest(copy)), .. DifferentBytes(original, copy)];
        differences.AddRange(LostHoles(original, copy));
        if (differences.Count > 0)
        {
            throw new InvalidOperationException(
                $"{copy} differs from {original} in {differences.Count} places:\n"
                + string.Join('\n', differences.Take(ShownDifferences)));
        }
    }

    /// <summary>One record per fact about an entry, sorted.</summary>
    public static IReadOnlyList<string> Manifest(string root) =>
        [.. Attributes(root).Concat(Devices(root)).Concat(HardLinks(root)).Concat(ExtendedAttributes(root))
            .Order(StringComparer.Ordinal)];

    private static string[] Attributes(string root) => Records(Shell(
        """
        find . \( -type f -printf 'f %m %U %G %T@ %n %s %P\0' \) -o \( -type l -printf 'l %U %G %T@ %l %P\0' \) \
          -o -printf '%y %m %U %G %T@ %P\0'
        """, root));

    private static string[] Devices(string root) => Records(Shell(
        @"find . \( -type b -o -type c \) -print0 | xargs -0r stat --printf 'device %t:%T %n\0'", root));

    // Groups of names of one inode, each group by its names alone.
    private static IEnumerable<string> HardLinks(string root) => Records(Shell(
        @"find . -type f -links +1 -printf '%i %P\0'", root))
        .GroupBy(r => r[..r.IndexOf(' ')], r => r[(r.IndexOf(' ') + 1)..])
        .Select(g => "one file " + string.Join(" = ", g.Order(StringComparer.Ordinal)));

    private static IEnumerable<string> ExtendedAttributes(string root) => Shell(
        "find . -print0 | sort -z | xargs -0r getfattr -h -d -m - -e hex --", root)
        .Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(r => "xattr " + r.Trim());

    private static List<string> DifferentBytes(string original, string copy)
    {
        (int status, string output, string errors) =
            Command.Try("diff", ["-r", "-q", "--no-dereference", original, copy]);
        // diff calls any two fifos or devices different; the manifest has compared those.
        List<string> lines = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => !SameSpecial().IsMatch(l))];
        return status <= 1 ? lines : [.. lines, errors];
    }

    private static IEnumerable<string> LostHoles(string original, string copy)
    {
        Dictionary<string, long> before = Blocks(original);
        foreach ((string name, long blocks) in Blocks(copy))
        {
            // Two pages of freedom: where a hole begins and ends may be rounded.
            if (before.TryGetValue(name, out long had) && blocks > had + 16)
            {
                yield return $"{name}: {blocks} blocks of 512 bytes, the original has {had}";
            }
        }
    }

    private static Dictionary<string, long> Blocks(string root) => Records(Shell(
        @"find . -type f -size +8k -printf '%b %P\0'", root))
        .ToDictionary(r => r[(r.IndexOf(' ') + 1)..], r => long.Parse(r[..r.IndexOf(' ')], null));

    private static IEnumerable<string> Differences(IReadOnlyList<string> before, IReadOnlyList<string> after) =>
        before.Except(after).Select(r => "lost  " + r).Concat(after.Except(before).Select(r => "extra " + r));

    private static string[] Records(string output) => output.Split('\0', StringSplitOptions.RemoveEmptyEntries);

    private static string Shell(string script, string root) =>
        Command.Run("bash", "-euo", "pipefail", "-c", "cd \"$1\"; " + script, "bash", root);

    [GeneratedRegex(
        "^File .* is a (fifo|socket|block special file|character special file) while file .* is a \\1$")]
    private static partial Regex SameSpecial();
}
