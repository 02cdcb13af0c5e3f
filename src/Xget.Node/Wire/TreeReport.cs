using System.Globalization;

namespace Xget.Node.Wire;

/// <summary>What <c>/.xget/tree</c> says of one content: who reads it from whom.</summary>
/// <param name="Key">Its digest, or the path of a file of the paper's tree.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Name">A path with these bytes.</param>
/// <param name="Routes">A line per node and stripe.</param>
public sealed record TreeReport(string Key, ulong Size, string Name, IReadOnlyList<TreeReport.Route> Routes)
{
    /// <summary>One node in one stripe's tree.</summary>
    /// <param name="Stripe">The stripe; null for a worker that is complete, or has not asked for routes yet.</param>
    /// <param name="Level">Its level; null as above.</param>
    /// <param name="Node">Its name.</param>
    /// <param name="Address">Where it serves; null if it serves nobody.</param>
    /// <param name="Parent">Whom it reads from, <c>me</c> for the master; null as above.</param>
    /// <param name="Connections">Routes that its children hold, over all stripes.</param>
    /// <param name="Have">Verified bytes it has.</param>
    public sealed record Route(int? Stripe, int? Level, string Node, string? Address, string? Parent, int Connections, ulong Have);

    /// <summary>Reads the file; lines that it does not know are skipped.</summary>
    public static IReadOnlyList<TreeReport> Parse(string text)
    {
        var reports = new List<TreeReport>();
        var routes = new List<Route>();
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] w = line.Split(' ');
            if (w[0] == "content" && w.Length >= 4 && Number(w[2]) is { } size)
                reports.Add(new TreeReport(w[1], size, string.Join(' ', w[3..]), routes = []));
            else if (w[0] == "content")
                routes = []; // a name of the paper's tree, with blanks: its routes are not those of the content before it
            else if (w[0] == "route" && w.Length >= 8 && reports.Count > 0)
                routes.Add(new Route((int?)Number(w[1]), (int?)Number(w[2]), w[3], Word(w[4]), Word(w[5]), (int)(Number(w[6]) ?? 0), Number(w[7]) ?? 0));
        }
        return reports;
    }

    private static string? Word(string word) => word == "-" ? null : word;

    private static ulong? Number(string word) =>
        ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : null;
}
