using Mono.Unix.Native;
using Serilog;
using Xget.Content;
using Xget.Content.Cache;
using Xget.Content.Linux;
using Xget.Fuse;
using Xget.NineP;
using Xget.Node;
using Xget.Node.Fetching;
using Xget.Node.Wire;

namespace Xget.Mount;

/// <summary>
/// A mounted tree: node, cache, file system and the kernel's side, from start to end. Thread-safe.
/// </summary>
public sealed class XgetMount : IAsyncDisposable
{
    private readonly ClusterNode _node;
    private readonly ContentCache _cache;
    private readonly MountedRoot _root;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stopping = new();
    private XgetFileSystem? _files;
    private FuseMount? _mount;
    private Task _following = Task.CompletedTask;

    private XgetMount(ClusterNode node, ContentCache cache, MountedRoot root, ILogger log)
    {
        _node = node;
        _cache = cache;
        _root = root;
        _log = log;
    }

    /// <summary>Ends when it is not mounted any more, whoever unmounted it.</summary>
    public Task Ended => _mount!.Ended;

    /// <summary>Mounts; returns when the mount is usable, or null with why it is not.</summary>
    public static async Task<(XgetMount? Mount, MountFailure? Failure)> StartAsync(XgetMountOptions options, ITransport transport,
        TimeProvider time, Random random, ILogger log, MasterLogSink? toMaster, CancellationToken ct)
    {
        var cacheOptions = new CacheOptions
        {
            Directory = options.CacheDirectory, SizeLimit = options.CacheSize, MinFree = options.CacheMinFree, VerifyAlways = options.VerifyAlways,
        };
        Errno error = ContentCache.Open(cacheOptions, time, out ContentCache? cache, out string? reason);
        if (error != 0)
            return (null, new MountFailure(reason ?? $"cache {options.CacheDirectory}: {Words.Of(error)}"));
        // Once it is mounted, the mount outlives any absence of the master.
        var node = new ClusterNode(options.Node with { Retries = int.MaxValue }, transport, time, random, log, toMaster);
        var contents = new MountedContents(node, cache!, options, time, log);
        var mount = new XgetMount(node, cache!, new MountedRoot(contents, options.Path), log);
        MountFailure? failure;
        try
        {
            failure = await mount.MountAsync(options, contents, time, random, ct);
        }
        catch
        {
            await mount.DisposeAsync();
            throw;
        }
        if (failure is null)
            return (mount, null);
        await mount.DisposeAsync();
        return (null, failure);
    }

    private async Task<MountFailure?> MountAsync(XgetMountOptions options, MountedContents contents, TimeProvider time, Random random, CancellationToken ct)
    {
        if (await _node.StartAsync(ct, options.Node.Retries) is { } unreachable)
            return new MountFailure(unreachable, IsUnreachable: true);
        (DirectoryEntry? top, MountFailure? failure) = await FindRootAsync(options.Timeout, time, ct);
        if (top is null)
            return failure;
        bool passthrough = options.Passthrough && !options.VerifyAlways;
        var reading = new ReadingOptions
        {
            Timeout = options.Timeout, ReadsAhead = options.Prefetch == Prefetch.Window, Passthrough = passthrough,
            Owner = new ShownOwner(options.Uid, options.Gid, options.Umask), Is32Bit = options.Inode32, HandleGeneration = (uint)random.Next(1, int.MaxValue),
        };
        var inodes = new InodeTable(top.Attributes, top.Data, new InodeNumbers(options.Inode32));
        var report = new MountReport(_node, _cache, _root, inodes, () => _files!.OpenFiles);
        _files = new XgetFileSystem(inodes, contents, reading, report.AttributesOf, report.Sizes, time, _log);
        var mountOptions = new MountOptions
        {
            Source = options.Source, Subtype = "xget", Options = options.MountOptions, Passthrough = passthrough, Time = time,
            PosixAcl = true, ExportSupport = true,
            Complaint = line => _log.Warning("{Complaint:l}", line),
        };
        try
        {
            _mount = await FuseMount.MountAsync(_files, options.MountPoint, mountOptions, ct);
        }
        catch (FuseException e)
        {
            return new MountFailure(e.Message);
        }
        // Elsewhere: a large cache takes a while to look through, and the mount is usable by now.
        _following = Task.Run(() => FollowAsync(_files, contents, options, time), CancellationToken.None);
        return null;
    }

    /// <summary>A master that stumbles after it was reached is one that is not there yet.</summary>
    private async Task<(DirectoryEntry? Top, MountFailure? Failure)> FindRootAsync(TimeSpan timeout, TimeProvider time, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            (GenerationText? generation, string? reason) = await _node.GenerationAsync(both.Token);
            if (generation is null)
                return (null, new MountFailure(reason!, IsUnreachable: true));
            (DirectoryEntry? top, MountFailure? failure) = await _root.FindAsync(generation, both.Token);
            if (top is not null)
                _root.Generation = generation;
            return (top, failure);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return (null, new MountFailure(Words.Of(Errno.ETIMEDOUT), IsUnreachable: true));
        }
    }

    private Task FollowAsync(XgetFileSystem files, MountedContents contents, XgetMountOptions options, TimeProvider time) => Task.WhenAll(
        options.IsPinned ? Task.CompletedTask
            : UntilStoppedAsync(new GenerationFollower(_node, files, contents, _root, _log).RunAsync(time, _stopping.Token)),
        UntilStoppedAsync(contents.RunAsync(_stopping.Token)));

    private async Task UntilStoppedAsync(Task work)
    {
        try
        {
            await work;
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Unmounted.
        }
        catch (Exception e)
        {
            _log.Error(e, "a part of the mount has ended");
        }
    }

    /// <summary>Unmounts, whoever still uses it, and ends everything.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (_mount is not null)
            await _mount.DisposeAsync();
        await _following;
        await _node.DisposeAsync();
        _cache.Dispose();
    }
}
