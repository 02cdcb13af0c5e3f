using System.Globalization;
using System.Text.RegularExpressions;

namespace Xget.Cluster.Tests;

/// <summary>
/// One node's part in one stripe of one content, as <c>xget tree</c> shows it: Content is a path of the exported tree,
/// Address is where the node serves (host!port, "-" if it does not), Progress is between 0 and 1.
/// </summary>
internal sealed record TreeRoute(
    string Content, int Stripe, string Node, string Address, int Level, int Connections, double Progress);

/// <summary>The distribution tree as text and as routes.</summary>
internal sealed partial record TreeReport(string Text, IReadOnlyList<TreeRoute> Routes)
{
    /// <summary>
    /// Reads what <c>xget tree</c> prints: a line per content, below it a line per stripe, below that the nodes.
    /// </summary>
    public static TreeReport Parse(string text)
    {
        var routes = new List<TreeRoute>();
        string content = "";
        int stripe = 0;
        foreach (string line in text.Split('\n'))
        {
            if (ContentLine().Match(line) is { Success: true } c)
            {
                content = c.Groups[1].Value;
            }
            else if (StripeLine().Match(line) is { Success: true } s)
            {
                stripe = Number(s, 1);
            }
            else if (NodeLine().Match(line) is { Success: true } n)
            {
                routes.Add(new TreeRoute(content, stripe, n.Groups[1].Value, n.Groups[2].Value,
                    Number(n, 3), Number(n, 4), Number(n, 5) / 100.0));
            }
        }

        return new TreeReport(text, routes);
    }

    private static int Number(Match m, int group) => int.Parse(m.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(\S.*?)  \S+ \w+  \S+  \d+ nodes?$")]
    private static partial Regex ContentLine();

    [GeneratedRegex(@"^  stripe (\d+): master$")]
    private static partial Regex StripeLine();

    [GeneratedRegex(@"^\s+(\S+) (\S+)  level (\d+)  (\d+) connections?  (\d+) %$")]
    private static partial Regex NodeLine();
}
