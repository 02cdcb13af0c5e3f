using System.Text;
using Serilog;
using Serilog.Events;
using Xget.Node.Wire;

namespace Xget.Node.Exporting;

/// <summary>
/// The log of all nodes in one place: what they write goes to the master's own log with the node's name, and the latest
/// records are kept for reading. Thread-safe.
/// </summary>
internal sealed class ClusterLog(ILogger log, TimeProvider time)
{
    private const int Kept = 1000;
    private const int MaxLength = 1024;
    private const int MaxName = 64;

    private readonly Lock _gate = new();
    private readonly Queue<string> _records = new();

    /// <summary>
    /// A record as a node wrote it: <c>LEVEL text</c> with Serilog's three letters (INF, WRN, ERR ...), or the bare text
    /// of the 2009 tool. What is not printable is shown as a dot, so that no node writes on the master's terminal.
    /// </summary>
    internal void Add(string node, string record)
    {
        string text = Printable(record.AsSpan(0, Math.Min(record.Length, MaxLength)).TrimEnd("\0\n\r "));
        LogEventLevel level = Level(text.AsSpan(0, Math.Min(3, text.Length))) ?? LogEventLevel.Information;
        if (text.Length > 4 && Level(text.AsSpan(0, 3)) is not null && text[3] == ' ')
            text = text[4..];
        log.ForContext("Node", node).Write(level, "{Text:l}", text);
        lock (_gate)
        {
            if (_records.Count == Kept)
                _records.Dequeue();
            _records.Enqueue($"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {level.Letters()} {node}: {text}");
        }
    }

    /// <summary>The latest records, one a line.</summary>
    internal string Latest()
    {
        var text = new StringBuilder();
        lock (_gate)
        {
            foreach (string record in _records)
                text.Append(record).Append('\n');
        }
        return text.ToString();
    }

    private static LogEventLevel? Level(ReadOnlySpan<char> letters)
    {
        foreach (LogEventLevel level in Enum.GetValues<LogEventLevel>())
        {
            if (letters.SequenceEqual(level.Letters()))
                return level;
        }
        return null;
    }

    /// <summary>
    /// What a node calls itself, fit for the log and for the words of <c>/.xget/tree</c>: one word of at most 64 characters.
    /// </summary>
    internal static string NodeName(ReadOnlySpan<byte> userName)
    {
        string name = Printable(Encoding.UTF8.GetString(userName[..Math.Min(userName.Length, MaxName)]));
        return name.Replace(' ', '.');
    }

    private static string Printable(ReadOnlySpan<char> text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (char c in text)
            clean.Append(char.IsControl(c) || c is '\u2028' or '\u2029' ? '.' : c);
        return clean.ToString();
    }
}
