using System.Globalization;
using System.Net;
using System.Text;
using Serilog;
using Serilog.Events;
using Xget.Node.Wire;

namespace Xget.Node.Exporting;

/// <summary>
/// The log of all nodes in one place: what they write goes to the master's own log with the node's name, and the latest
/// records are kept for reading. Each address has a <see cref="RecordBudget"/>; how many records were beyond it is told about
/// once a second. Thread-safe.
/// </summary>
internal sealed class ClusterLog(ILogger log, TimeProvider time)
{
    /// <summary>Characters that are kept of a record.</summary>
    internal const int MaxLength = 1024;

    private const int MaxName = 64;

    private static readonly TimeSpan TellInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly RecordBudget _budget = new();
    private readonly LatestRecords _latest = new(time);
    private readonly long _start = time.GetTimestamp();
    private ITimer? _telling;

    /// <summary>The latest records, for reading.</summary>
    internal LatestRecords Latest => _latest;

    /// <summary>
    /// A record as a node wrote it: <c>LEVEL text</c> with Serilog's three letters (INF, WRN, ERR ...), or the bare text
    /// of the 2009 tool. What is not printable is shown as a dot, so that no node writes on the master's terminal.
    /// </summary>
    /// <param name="from">Where the node is.</param>
    /// <param name="node">Its name.</param>
    /// <param name="record">UTF-8; what is none is shown as such.</param>
    internal void Add(EndPoint from, string node, ReadOnlySpan<byte> record)
    {
        const int MaxBytes = 4 * MaxLength;
        if (!Allows(from))
            return;
        string given = Encoding.UTF8.GetString(record[..Math.Min(record.Length, MaxBytes)]);
        string text = WireText.Masked(given.AsSpan(0, Math.Min(given.Length, MaxLength)).TrimEnd("\0\n\r "));
        LogEventLevel level = Level(text.AsSpan(0, Math.Min(3, text.Length))) ?? LogEventLevel.Information;
        if (text.Length > 4 && Level(text.AsSpan(0, 3)) is not null && text[3] == ' ')
            text = text[4..];
        log.ForContext("Node", node).Write(level, "{Text:l}", text);
        _latest.Add($"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {level.Letters()} {node}: {text}");
    }

    /// <summary>Whether what a peer did may become a record; otherwise it is counted, and the count told.</summary>
    internal bool Allows(EndPoint from)
    {
        IPAddress? address = (from as IPEndPoint)?.Address;
        lock (_gate)
        {
            if (_budget.Take(address is null ? null : HostPort.Plain(address), time.GetElapsedTime(_start)))
                return true;
            _telling ??= time.CreateTimer(_ => TellRefused(), null, TellInterval, Timeout.InfiniteTimeSpan);
            return false;
        }
    }

    private void TellRefused()
    {
        IReadOnlyList<(string Who, long Count)> refused;
        lock (_gate)
        {
            _telling?.Dispose();
            _telling = null;
            refused = _budget.TakeRefused();
        }
        const int MostTold = 20;
        long ofOthers = 0;
        for (int i = 0; i < refused.Count; i++)
        {
            if (i < MostTold)
                Tell(refused[i].Who, refused[i].Count);
            else
                ofOthers += refused[i].Count;
        }
        if (ofOthers > 0)
            Tell($"{refused.Count - MostTold} other addresses", ofOthers);
    }

    private void Tell(string who, long count) =>
        log.Warning("{Peer:l}: {Count:l} records dropped, since it writes more than {Most} a second",
            who, count.ToString("N0", CultureInfo.InvariantCulture), RecordBudget.PerSecond);

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
        string name = WireText.Masked(Encoding.UTF8.GetString(userName[..Math.Min(userName.Length, MaxName)]));
        return name.Replace(' ', '.');
    }
}
