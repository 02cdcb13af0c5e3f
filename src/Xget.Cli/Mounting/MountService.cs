using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Serilog.Core;
using Serilog.Events;
using Xget.Content.Linux;
using Xget.Mount;
using Xget.NineP;
using Xget.Node;
using Xget.Node.Fetching;

namespace Xget.Cli.Mounting;

/// <summary>The process that serves a mount, from the first attempt to reach the master to the end of the mount.</summary>
internal sealed class MountService
{
    /// <summary>As /proc/mounts has it.</summary>
    internal const string FileSystemType = "fuse.xget";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryInBackground = TimeSpan.FromMinutes(10_000); // as NFS has it

    private readonly MountRequest _request;
    private readonly MountSettings _settings;
    private readonly MountSource _source;
    private readonly SocketTransport _transport;
    private readonly DaemonSide? _launcher;
    private readonly LineQueue _console = new(bytes => StandardStreams.Write(StandardStreams.Error, bytes.Span) == 0);
    private readonly long _start = TimeProvider.System.GetTimestamp();
    private bool _inBackground;

    internal MountService(MountRequest request, MountSettings settings, MountSource source)
    {
        _request = request;
        _settings = settings;
        _source = source;
        _launcher = request.Daemon ? new DaemonSide() : null;
        _transport = new SocketTransport(TimeSpan.FromSeconds(10), source: settings.Advertise);
    }

    /// <summary>Mounts, serves, and unmounts when cancelled; the exit code.</summary>
    /// <exception cref="UserException">It was never mounted.</exception>
    internal async Task<int> RunAsync(CancellationToken ct)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ct, _launcher?.Abandoned ?? CancellationToken.None);
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            if (_launcher is null)
                end.Cancel();
        });
        try
        {
            while (!await TryAsync(end.Token))
                await Task.Delay(Pause, end.Token);
            return MountExit.Done;
        }
        catch (OperationCanceledException)
        {
            throw new UserException("interrupted", MountExit.Failure);
        }
        finally
        {
            _console.Dispose();
        }
    }

    /// <summary>Mounts and serves until the end; false when no master answers and it is to be tried again.</summary>
    private async Task<bool> TryAsync(CancellationToken ct)
    {
        var toMaster = new MasterLogSink(); // an attempt's node ends it
        await using Logger log = CreateLog(toMaster);
        try
        {
            (IReadOnlyList<IPEndPoint> masters, string? reason) = await _source.ResolveAsync(ct);
            if (reason is null)
            {
                (XgetMount? mount, MountFailure? failure) = await MountAsync(masters, log, toMaster, ct);
                if (mount is not null)
                {
                    await ServeAsync(mount, log, ct);
                    return true;
                }
                if (!failure!.IsUnreachable)
                    throw new UserException(failure.Reason, MountExit.Failure);
                reason = $"cannot reach the master at {string.Join(", ", _source.Masters)}: {failure.Reason}";
            }
            if (TimeProvider.System.GetElapsedTime(_start) >= Patience)
                throw new UserException(reason, MountExit.Failure);
            if (_settings.Background && _launcher is not null)
                GoToBackground(reason);
            return false;
        }
        catch (UserException e) when (_inBackground)
        {
            log.Error("{Message:l}", e.Message); // nobody else hears it there
            throw;
        }
    }

    /// <summary>How long a master is waited for.</summary>
    private TimeSpan Patience => _settings.Retry ?? (_settings.Background ? RetryInBackground : TimeSpan.Zero);

    private async Task ServeAsync(XgetMount mount, Logger log, CancellationToken ct)
    {
        await using (mount)
        {
            _console.Flush(); // what the caller is to see comes before the end of its stderr
            if (_launcher?.Detach(DaemonSide.Ready) == false)
                return;
            log.Information("mounted {Source:l} on {Directory:l}", _source.Text, _request.Directory);
            try
            {
                await mount.Ended.WaitAsync(ct);
            }
            catch (OperationCanceledException)
            {
                // Told to end.
            }
            log.Information("ends {Directory:l}", _request.Directory);
        }
    }

    private void GoToBackground(string reason)
    {
        if (_inBackground)
            return;
        _inBackground = true;
        StandardStreams.Complain($"{reason}; tries again in the background");
        _console.Flush();
        if (!_launcher!.Detach(DaemonSide.Trying))
            throw new OperationCanceledException();
    }

    private async Task<(XgetMount? Mount, MountFailure? Failure)> MountAsync(IReadOnlyList<IPEndPoint> masters, Logger log, MasterLogSink toMaster,
        CancellationToken ct)
    {
        try
        {
            return await XgetMount.StartAsync(MountOptions(masters), _transport, TimeProvider.System, new Random(), log, toMaster, ct);
        }
        catch (SocketException e)
        {
            throw new UserException($"cannot listen on {_settings.Listen}: {Words.Of(e)} (serve_port= and bind= choose)", MountExit.Failure);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException(Words.Of(e), MountExit.Failure);
        }
    }

    private XgetMountOptions MountOptions(IReadOnlyList<IPEndPoint> masters)
    {
        string cache = _settings.CacheDirectory ?? DefaultCache();
        return new XgetMountOptions
        {
            Node = Options(masters),
            Source = _settings.FsName ?? _source.Text,
            Path = _source.Path,
            MountPoint = _request.Directory,
            MountOptions = _settings.Kernel,
            CacheDirectory = cache,
            CacheSize = _settings.CacheSize?.On(cache),
            CacheMinFree = _settings.CacheMinFree?.On(cache),
            VerifyAlways = _settings.VerifyAlways,
            Prefetch = _settings.Prefetch,
            Timeout = _settings.Timeout,
            IsPinned = _settings.Pinned,
            Passthrough = _settings.Passthrough,
            Inode32 = _settings.Inode32,
            Uid = _settings.Uid,
            Gid = _settings.Gid,
            Umask = _settings.Umask,
        };
    }

    private NodeOptions Options(IReadOnlyList<IPEndPoint> masters) => new()
    {
        Masters = masters,
        ResolveMasters = async ct => (await _source.ResolveAsync(ct)).Addresses,
        Name = _settings.Name,
        Listen = _settings.Listen,
        Stall = _settings.Stall,
        Msize = _settings.Msize,
        Share = _settings.Share,
        Retries = Math.Max(_settings.Retries, masters.Count - 1), // each of them is tried
    };

    private static string DefaultCache()
    {
        if (Environment.IsPrivilegedProcess)
            return "/var/cache/xget";
        string caches = UsualDirectories.Caches(Environment.GetEnvironmentVariable, UsualDirectories.Home())
            ?? throw new UserException("this user has no home directory, where the cache would be: say where with -o cache=DIR", MountExit.System);
        try
        {
            Directory.CreateDirectory(caches);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"cannot make {caches} for the cache: {Words.Of(e)} (-o cache=DIR names another place)", MountExit.System);
        }
        return Path.Combine(caches, "xget");
    }

    private Logger CreateLog(MasterLogSink toMaster)
    {
        LineQueue? console = _launcher is null || _request.Verbose ? _console : null;
        try
        {
            LogEventLevel level = _settings.LogLevel ?? LogEventLevel.Information;
            return Logs.Create(level, console, _settings.LogFile, level, _settings.Name, toMaster);
        }
        catch (UserException e)
        {
            throw new UserException(e.Message, MountExit.System);
        }
    }
}
