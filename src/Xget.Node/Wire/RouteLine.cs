using System.Globalization;
using System.Net;
using System.Text;

namespace Xget.Node.Wire;

/// <summary>One line of <c>redir</c>: from which parent a stripe is read, and the level that the reader then has.</summary>
/// <param name="Stripe">Stripe number; the line with number i stands at place i.</param>
/// <param name="Level">The reader's level, 1 when it reads from the master.</param>
/// <param name="Parent">The worker to read from; null is the master (<c>me</c>).</param>
/// <param name="Front">The offset in this stripe that the others are at about now; 0 if there are none.</param>
public readonly record struct RouteLine(int Stripe, int Level, IPEndPoint? Parent, ulong Front = 0)
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
            text.Append(r.Parent is null ? HostPort.Me : HostPort.Format(r.Parent));
            if (r.Front > 0)
                text.Append(CultureInfo.InvariantCulture, $" {r.Front}");
            text.Append('\n');
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
            ulong front = 0;
            if (words.Length < 3 ||
                !int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out int stripe) || stripe != i ||
                !int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out int level) ||
                (words[2] != HostPort.Me && !HostPort.TryParse(words[2], out parent)) ||
                (words.Length > 3 && !ulong.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out front)))
                return false;
            parsed[i] = new RouteLine(stripe, level, words[2] == HostPort.Me ? null : parent, front);
        }
        routes = parsed;
        return true;
    }
}
