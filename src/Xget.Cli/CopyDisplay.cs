using System.Globalization;
using Xget.Node;
using Xget.Node.Copying;

namespace Xget.Cli;

/// <summary>Shows a running copy: share done, bytes, rate, files, parents.</summary>
internal sealed class CopyDisplay : IDisposable
{
    private const int BarWidth = 20;

    private readonly StatusLine _line;
    private readonly Timer? _timer;
    private readonly long _start = TimeProvider.System.GetTimestamp();

    internal CopyDisplay(CopyProgress progress, ClusterNode node, bool quiet)
    {
        _line = new StatusLine(quiet);
        if (!quiet)
            _timer = new Timer(_ => _line.Show(() => Text(progress, node)), null, 250, 250);
    }

    private string Text(CopyProgress p, ClusterNode node)
    {
        if (p.Files == 0)
            return "reading directories";
        long moved = node.Counters.FromMaster + node.Counters.FromWorkers;
        double done = p.Bytes == 0 ? 1 : Math.Min(1, (moved + (double)p.BytesKept) / p.Bytes);
        int filled = (int)(done * BarWidth);
        string[] parents = node.ParentNames();
        return string.Create(CultureInfo.InvariantCulture,
            $"[{new string('#', filled)}{new string('.', BarWidth - filled)}] {done * 100:0} % of {Amount.Bytes(p.Bytes)}, ") +
            $"{Amount.Rate(moved, TimeProvider.System.GetElapsedTime(_start))}, {p.FilesDone} of {Amount.Count(p.Files, "file")}" +
            (parents.Length == 0 ? "" : $", from {string.Join(", ", parents.Take(3))}{(parents.Length > 3 ? " ..." : "")}");
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _line.Dispose();
    }
}
