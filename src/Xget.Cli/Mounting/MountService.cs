using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Serilog.Core;
using Serilog.Events;
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
    private readonly StandardError _errors = new();
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
        var toMaster = new MasterLogSink();
        await using Logger log = CreateLog(toMaster);
        try
        {
            IReadOnlyList<IPEndPoint> masters = await ReachAsync(log, end.Token);
            await using XgetMount mount = await StartAsync(masters, log, toMaster, end.Token);
            if (_launcher?.Detach() != false)
            {
                log.Information("mounted {Source:l} on {Directory:l}", _source.Text, _request.Directory);
                await ServeAsync(mount, end.Token);
                log.Information("ends {Directory:l}", _request.Directory);
            }
            return MountExit.Done;
        }
        catch (UserException e)
        {
            if (_inBackground)
                log.Error("{Message:l}", e.Message); // nobody else hears it there
            throw;
        }
        catch (OperationCanceledException)
        {
            throw new UserException("interrupted", MountExit.Failure);
        }
    }

    private static async Task ServeAsync(XgetMount mount, CancellationToken ct)
    {
        try
        {
            await mount.Ended.WaitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            // Told to end.
        }
    }

    /// <summary>The masters' addresses as soon as one of them answers.</summary>
    private async Task<IReadOnlyList<IPEndPoint>> ReachAsync(Logger log, CancellationToken ct)
    {
        TimeSpan patience = _settings.Retry ?? (_settings.Background ? RetryInBackground : TimeSpan.Zero);
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            (IReadOnlyList<IPEndPoint> addresses, string? reason) = await _source.ResolveAsync(ct);
            if (reason is null)
            {
                // A mount outlives any absence of its master, so whether there is one is found out without it.
                NodeOptions options = Options(addresses) with { Share = false };
                await using var probe = new ClusterNode(options, _transport, TimeProvider.System, new Random(), log);
                if (await probe.StartAsync(ct) is not { } unreachable)
                    return addresses;
                reason = $"cannot reach the master at {string.Join(", ", _source.Masters)}: {unreachable}";
            }
            if (TimeProvider.System.GetElapsedTime(start) >= patience)
                throw new UserException(reason, MountExit.Failure);
            if (_settings.Background && _launcher is not null)
                GoToBackground(reason);
            await Task.Delay(Pause, ct);
        }
    }

    private void GoToBackground(string reason)
    {
        if (_inBackground)
            return;
        _inBackground = true;
        _errors.WriteLine($"xget: {reason}; tries again in the background");
        if (!_launcher!.Detach())
            throw new OperationCanceledException();
    }

    private async Task<XgetMount> StartAsync(IReadOnlyList<IPEndPoint> masters, Logger log, MasterLogSink toMaster, CancellationToken ct)
    {
        try
        {
            XgetMountOptions options = MountOptions(masters);
            (XgetMount? mount, string? reason) = await XgetMount.StartAsync(options, _transport, TimeProvider.System, new Random(), log, toMaster, ct);
            return mount ?? throw new UserException(reason!, MountExit.Failure);
        }
        catch (SocketException e)
        {
            throw new UserException($"cannot listen on {_settings.Bind}: {e.Message}", MountExit.Failure);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException(e.Message, MountExit.Failure);
        }
    }

    private XgetMountOptions MountOptions(IReadOnlyList<IPEndPoint> masters)
    {
        string cache = _settings.CacheDirectory ?? DefaultCache();
        return new XgetMountOptions
        {
            Node = Options(masters),
            Source = _source.Text,
            Path = _source.Path,
            MountPoint = _request.Directory,
            MountOptions = _settings.Kernel,
            CacheDirectory = cache,
            CacheSize = _settings.CacheSize?.On(cache),
            CacheMinFree = _settings.CacheMinFree?.On(cache),
            VerifyAlways = _settings.VerifyAlways,
            Prefetch = _settings.Prefetch,
            Timeout = _settings.Timeout,
        };
    }

    private NodeOptions Options(IReadOnlyList<IPEndPoint> masters) => new()
    {
        Masters = masters,
        Name = _settings.Name,
        Listen = _settings.Bind,
        Stall = _settings.Stall,
        Msize = _settings.Msize,
        Share = _settings.Share,
        Retries = Math.Max(_settings.Retries, masters.Count - 1), // each of them is tried
    };

    private static string DefaultCache()
    {
        if (Environment.IsPrivilegedProcess)
            return "/var/cache/xget";
        string? home = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (home is null || !Path.IsPathRooted(home))
            home = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        Directory.CreateDirectory(home);
        return Path.Combine(home, "xget");
    }

    private Logger CreateLog(MasterLogSink toMaster)
    {
        StandardError? console = _launcher is null || _request.Verbose ? _errors : null;
        try
        {
            return Logs.Create(_settings.LogLevel ?? LogEventLevel.Information, console, _settings.LogFile, _settings.Name, toMaster);
        }
        catch (UserException e)
        {
            throw new UserException(e.Message, MountExit.System);
        }
    }
}
