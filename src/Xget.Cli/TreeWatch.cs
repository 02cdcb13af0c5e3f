namespace Xget.Cli;

/// <summary>Tells when something below a directory has changed and then been quiet for a moment.</summary>
internal sealed class TreeWatch : IDisposable
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(200);

    private readonly FileSystemWatcher _watcher;
    private readonly Timer _timer;

    internal TreeWatch(string path, Action changed)
    {
        _timer = new Timer(_ => changed(), null, Timeout.Infinite, Timeout.Infinite);
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
        // Too many changes at once: some were not told, so look at all of it.
        _watcher.Error += (_, _) => Soon();
        _watcher.EnableRaisingEvents = true;
    }

    public void Dispose()
    {
        _watcher.Dispose();
        _timer.Dispose();
    }

    private void Soon() => _timer.Change(Quiet, Timeout.InfiniteTimeSpan);
}
