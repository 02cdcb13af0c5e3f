namespace Xget.Cli;

/// <summary>
/// One line on stderr that says how far the work is: rewritten in place on a terminal, now and then a plain line where it
/// is none. A stderr that takes nothing, as a terminal after Ctrl-S, does not hold up the work. Thread-safe.
/// </summary>
internal sealed class StatusLine(bool quiet) : IDisposable
{
    private static readonly TimeSpan OnTerminal = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Elsewhere = TimeSpan.FromSeconds(10);

    private readonly bool _terminal = !Console.IsErrorRedirected;
    private readonly LineQueue _queue = new(bytes => StandardStreams.Write(StandardStreams.Error, bytes.Span) == 0, tellsLoss: false);
    private readonly Lock _gate = new();
    private long _last = TimeProvider.System.GetTimestamp();
    private bool _shown;

    /// <summary>Shows the text, unless one was shown a moment ago or is still on its way.</summary>
    internal void Show(Func<string> text)
    {
        lock (_gate)
        {
            if (quiet || TimeProvider.System.GetElapsedTime(_last) < (_terminal ? OnTerminal : Elsewhere) || !_queue.IsIdle)
                return;
            _last = TimeProvider.System.GetTimestamp();
            string line = Node.Wire.WireText.OneLine(text());
            if (!_terminal)
            {
                _queue.Add($"xget: {line}\n");
                return;
            }
            _shown = true;
            int width = Console.WindowWidth > 1 ? Console.WindowWidth - 1 : 79;
            _queue.Add("\r\u001b[K" + (line.Length > width ? line[..width] : line));
        }
    }

    /// <summary>Clears the line.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_shown)
                _queue.Add("\r\u001b[K");
            _shown = false;
        }
        _queue.Dispose();
    }
}
