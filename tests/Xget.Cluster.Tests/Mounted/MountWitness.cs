using System.Text.RegularExpressions;
using Xget.Lab;

namespace Xget.Cluster.Tests.Mounted;

/// <summary>
/// Compares a mount, or a copy that was made from one, with the original by <see cref="TreeWitness"/>'s facts and
/// diff(1). Left out: the attributes that Xget itself shows (user.xget.*), which cp and tar copy too, and holes.
/// </summary>
internal static partial class MountWitness
{
    private const int ShownDifferences = 20;

    /// <summary>Throws an exception that names the first differences, if there are any.</summary>
    public static void ExpectSame(string original, string mounted)
    {
        IReadOnlyList<string> before = [.. Facts(original)];
        IReadOnlyList<string> after = [.. Facts(mounted)];
        List<string> differences =
        [
            .. before.Except(after).Select(r => "lost  " + r),
            .. after.Except(before).Select(r => "extra " + r),
            .. DifferentBytes(original, mounted),
        ];
        Assert.True(differences.Count == 0,
            $"{mounted} differs from {original} in {differences.Count} places:\n"
            + string.Join('\n', differences.Take(ShownDifferences)));
    }

    private static IEnumerable<string> Facts(string root) => TreeWitness.Manifest(root).Select(Own).OfType<string>();

    // A record of attributes is the file's name and a line for each attribute.
    private static string? Own(string record)
    {
        if (!record.StartsWith("xattr ", StringComparison.Ordinal))
        {
            return record;
        }

        string[] lines = [.. record.Split('\n').Where(l => !l.StartsWith("user.xget.", StringComparison.Ordinal))];
        return lines.Length > 1 ? string.Join('\n', lines) : null;
    }

    // diff calls any two fifos or devices different; the facts have compared those.
    private static IEnumerable<string> DifferentBytes(string original, string mounted)
    {
        (int status, string output, string errors) =
            Command.Try("diff", ["-r", "-q", "--no-dereference", original, mounted]);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => !SameSpecial().IsMatch(l))
            .Concat(status <= 1 ? [] : [errors]);
    }

    [GeneratedRegex(
        "^File .* is a (fifo|socket|block special file|character special file) while file .* is a \\1$")]
    private static partial Regex SameSpecial();
}
