using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Cli;

/// <summary>Publishes when something below a directory has changed, as <see cref="WatchPace"/> has it.</summary>
/// <remarks>
/// The names on which it depends what the path stands for are watched too: a symbolic link that is switched, or a directory
/// that is replaced, is watched anew.
/// </remarks>
internal sealed class TreeWatch : IAsyncDisposable
{
    private const NotifyFilters Names = NotifyFilters.FileName | NotifyFilters.DirectoryName;
    private const NotifyFilters All = Names | NotifyFilters.Attributes | NotifyFilters.Size | NotifyFilters.LastWrite | NotifyFilters.Security;
    private const int MostArmings = 5;

    private readonly Lock _gate = new();
    private readonly WatchPace _pace = new();
    private readonly string _path;
    private readonly Func<Task> _publish;
    private readonly TimeProvider _time;
    private readonly Action<string> _blind;
    private readonly long _start;
    private readonly SemaphoreSlim _changed = new(0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;
    private List<FileSystemWatcher> _watchers = [];
    private bool _isBlind;
    private bool _isElsewhere;

    /// <param name="path">What is watched: a directory with all below it, or a file.</param>
    /// <param name="publish">Called when something there has changed; completes when that is published.</param>
    /// <param name="time">The clock.</param>
    /// <param name="blind">Called once if something cannot be watched, or not all changes were told.</param>
    internal TreeWatch(string path, Func<Task> publish, TimeProvider time, Action<string> blind)
    {
        _path = Path.GetFullPath(path);
        _publish = publish;
        _time = time;
        _blind = blind;
        _start = time.GetTimestamp();
        Arm();
        _running = RunAsync(_stopping.Token);
    }

    private TimeSpan Now => _time.GetElapsedTime(_start);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        Disarm();
        _stopping.Dispose();
    }

    private async Task RunAsync(CancellationToken ct)
    {
        try
        {
            while (true)
            {
                await _changed.WaitAsync(ct);
                while (DueIn() is { } wait && wait > TimeSpan.Zero)
                    await Task.Delay(wait, _time, ct);
                lock (_gate)
                    _pace.Began(Now);
                if (Interlocked.Exchange(ref _isElsewhere, false))
                {
                    Disarm();
                    Arm();
                }
                await _publish().WaitAsync(ct);
                lock (_gate)
                    _pace.Ended(Now);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private TimeSpan? DueIn()
    {
        lock (_gate)
            return _pace.Due - Now;
    }

    private void Changed()
    {
        lock (_gate)
        {
            if (_pace.Changed(Now))
                _changed.Release();
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
        Changed();
    }

    /// <summary>Watches what the path stands for now, and tells of it as of a change if that was another thing meanwhile.</summary>
    private void Arm()
    {
        List<string> chain = Chain();
        for (int i = 0; i < MostArmings; i++)
        {
            foreach (string path in chain)
                WatchName(path, Names);
            if (Directory.Exists(chain[^1]))
                Watch(chain[^1], All, null);
            else
                WatchName(chain[^1], All);
            List<string> now = Chain();
            if (string.Join('\0', now) == string.Join('\0', chain))
                return;
            chain = now;
            Disarm();
        }
    }

    private List<string> Chain() => LinkChain.Of(_path, LinkOf);

    private static string? LinkOf(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void WatchName(string path, NotifyFilters filters)
    {
        if (Path.GetDirectoryName(path) is { } directory)
            Watch(directory, filters, Path.GetFileName(path));
    }

    /// <summary>Watches one name in a directory, or a whole tree. What has vanished is found by the name above it.</summary>
    private void Watch(string directory, NotifyFilters filters, string? name)
    {
        FileSystemWatcher? watcher = null;
        try
        {
            watcher = new FileSystemWatcher(directory) { IncludeSubdirectories = name is null, NotifyFilter = filters };
            FileSystemEventHandler seen = (_, e) => Seen(name, e.Name, null, filters);
            watcher.Changed += seen;
            watcher.Created += seen;
            watcher.Deleted += seen;
            watcher.Renamed += (_, e) => Seen(name, e.Name, e.OldName, filters);
            // Too many changes at once, or directories: look at all of it.
            watcher.Error += (_, e) => Blind(WordsOf(e.GetException()));
            watcher.EnableRaisingEvents = true;
            _watchers.Add(watcher);
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            watcher?.Dispose();
            if (Directory.Exists(directory))
                Blind(WordsOf(e));
        }
    }

    private void Seen(string? only, string? name, string? oldName, NotifyFilters filters)
    {
        if (only is not null && only != name && only != oldName)
            return;
        if (filters == Names)
            Volatile.Write(ref _isElsewhere, true);
        Changed();
    }

    private void Disarm()
    {
        foreach (FileSystemWatcher watcher in _watchers)
            watcher.Dispose();
        _watchers = [];
    }
}
