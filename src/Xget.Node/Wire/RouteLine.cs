using System.Globalization;
using System.Net;
using System.Text;

namespace Xget.Node.Wire;

/// <summary>One line of <c>redir</c>: from which parent a stripe is read, and the level that the reader then has.</summary>
/// <param name="Stripe">Stripe number; the line with number i stands at place i.</param>
/// <param name="Level">The reader's level, 1 when it reads from the master.</param>
/// <param name="Parent">The worker to read from; null is the master (<c>me</c>).</param>
public readonly record struct RouteLine(int Stripe, int Level, IPEndPoint? Parent)
{
    /// <summary>The most stripes that a reader believes.</summary>
    public const int MaxStripes = 64;

    /// <summary>The text of <c>redir</c>: one line per stripe.</summary>
    public static string Format(IEnumerable<RouteLine> routes)
    {
        var text = new StringBuilder();
        foreach (RouteLine r in routes)
        {
            text.Append(CultureInfo.InvariantCulture, $"{r.Stripe} {r.Level} ");
            text.Append(r.Parent is null ? HostPort.Me : HostPort.Format(r.Parent)).Append('\n');
        }
        return text.ToString();
    }

    /// <summary>Reads <c>redir</c>; false when a line is malformed, missing or out of order.</summary>
    public static bool TryParse(string text, out RouteLine[] routes)
    {
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        routes = [];
        if (lines.Length is 0 or > MaxStripes)
            return false;
        var parsed = new RouteLine[lines.Length];
        for (int i = 0; i < lines.Length; i++)
        {
            string[] words = lines[i].Split(' ');
            IPEndPoint? parent = null;
            if (words.Length < 3 ||
                !int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out int stripe) || stripe != i ||
                !int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out int level) ||
                (words[2] != HostPort.Me && !HostPort.TryParse(words[2], out parent)))
                return false;
            parsed[i] = new RouteLine(stripe, level, words[2] == HostPort.Me ? null : parent);
        }
        routes = parsed;
        return true;
    }
}
