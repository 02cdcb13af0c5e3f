namespace Xget.Cli;

/// <summary>
/// One line on stderr that says how far the work is: rewritten in place on a terminal, now and then a plain line where it
/// is none. Thread-safe.
/// </summary>
internal sealed class StatusLine(bool quiet) : IDisposable
{
    private static readonly TimeSpan OnTerminal = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Elsewhere = TimeSpan.FromSeconds(10);

    private readonly bool _terminal = !Console.IsErrorRedirected;
    private readonly Lock _gate = new();
    private long _last = TimeProvider.System.GetTimestamp();
    private bool _shown;

    /// <summary>Shows the text, unless one was shown a moment ago.</summary>
    internal void Show(Func<string> text)
    {
        lock (_gate)
        {
            if (quiet || TimeProvider.System.GetElapsedTime(_last) < (_terminal ? OnTerminal : Elsewhere))
                return;
            _last = TimeProvider.System.GetTimestamp();
            if (!_terminal)
            {
                Write($"xget: {text()}\n");
                return;
            }
            _shown = true;
            string line = text();
            int width = Console.WindowWidth > 1 ? Console.WindowWidth - 1 : 79;
            Write("\r\u001b[K" + (line.Length > width ? line[..width] : line));
        }
    }

    /// <summary>Clears the line.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_shown)
                Write("\r\u001b[K");
            _shown = false;
        }
    }

    /// <summary>A terminal that has gone, or a full disk behind a redirection, must not end the work.</summary>
    private static void Write(string text)
    {
        try
        {
            Console.Error.Write(text);
        }
        catch (IOException)
        {
            // Nobody sees it.
        }
    }
}
