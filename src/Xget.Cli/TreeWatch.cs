using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Cli;

/// <summary>Tells when something below a directory has changed and then been quiet for a moment.</summary>
internal sealed class TreeWatch : IDisposable
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(200);

    /// <summary>Where it is never quiet, it tells all the same after this time.</summary>
    private static readonly TimeSpan MostDelay = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Action<string> _blind;
    private readonly FileSystemWatcher _watcher;
    private readonly Timer _timer;
    private long? _since;
    private bool _isBlind;

    /// <param name="path">What is watched.</param>
    /// <param name="changed">Called when something there has changed.</param>
    /// <param name="blind">Called once if something cannot be watched, or not all changes were told.</param>
    internal TreeWatch(string path, Action changed, Action<string> blind)
    {
        _blind = blind;
        _timer = new Timer(_ =>
        {
            lock (_gate)
                _since = null;
            changed();
        }, null, Timeout.Infinite, Timeout.Infinite);
        string directory = Directory.Exists(path) ? path : Path.GetDirectoryName(Path.GetFullPath(path))!;
        _watcher = new FileSystemWatcher(directory)
        {
            IncludeSubdirectories = true,
            NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.Attributes
                | NotifyFilters.Size | NotifyFilters.LastWrite | NotifyFilters.Security,
        };
        _watcher.Changed += (_, _) => Soon();
        _watcher.Created += (_, _) => Soon();
        _watcher.Deleted += (_, _) => Soon();
        _watcher.Renamed += (_, _) => Soon();
        // Too many changes at once, or directories: look at all of it.
        _watcher.Error += (_, e) => Blind(WordsOf(e.GetException()));
        _watcher.EnableRaisingEvents = true;
    }

    public void Dispose()
    {
        _watcher.Dispose();
        _timer.Dispose();
    }

    private void Soon()
    {
        lock (_gate)
        {
            _since ??= TimeProvider.System.GetTimestamp();
            if (TimeProvider.System.GetElapsedTime(_since.Value) < MostDelay)
                _timer.Change(Quiet, Timeout.InfiniteTimeSpan);
        }
    }

    private static string WordsOf(Exception e) => e switch
    {
        InternalBufferOverflowException => "more changed at once than the kernel tells",
        IOException { HResult: (int)Errno.ENOSPC or (int)Errno.EMFILE } => "the kernel's limit is reached (sysctl fs.inotify.max_user_watches)",
        _ => Words.Of(e),
    };

    private void Blind(string reason)
    {
        lock (_gate)
        {
            if (!_isBlind)
                _blind(reason);
            _isBlind = true;
        }
        Soon();
    }
}
