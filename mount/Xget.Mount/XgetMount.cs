using System.Globalization;
using Mono.Unix.Native;
using Serilog;
using Xget.Content;
using Xget.Content.Cache;
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

    /// <summary>Mounts; returns when the mount is usable, or null with a line for the user.</summary>
    public static async Task<(XgetMount? Mount, string? Reason)> StartAsync(XgetMountOptions options, ITransport transport,
        TimeProvider time, Random random, ILogger log, MasterLogSink? toMaster, CancellationToken ct)
    {
        var cacheOptions = new CacheOptions
        {
            Directory = options.CacheDirectory, SizeLimit = options.CacheSize, MinFree = options.CacheMinFree, VerifyAlways = options.VerifyAlways,
        };
        Errno error = ContentCache.Open(cacheOptions, time, out ContentCache? cache, out string? reason);
        if (error != 0)
            return (null, $"cache {options.CacheDirectory}: {reason ?? Words.Of(error)}");
        // Once it is mounted, the mount outlives any absence of the master.
        var node = new ClusterNode(options.Node with { Retries = int.MaxValue }, transport, time, random, log, toMaster);
        var contents = new MountedContents(node, cache!, options, time, log);
        var mount = new XgetMount(node, cache!, new MountedRoot(contents, options.Path), log);
        try
        {
            reason = await mount.MountAsync(options, contents, time, ct);
        }
        catch
        {
            await mount.DisposeAsync();
            throw;
        }
        if (reason is null)
            return (mount, null);
        await mount.DisposeAsync();
        return (null, reason);
    }

    private async Task<string?> MountAsync(XgetMountOptions options, MountedContents contents, TimeProvider time, CancellationToken ct)
    {
        if (await _node.StartAsync(ct, options.Node.Retries) is { } unreachable)
            return unreachable;
        (GenerationText? generation, string? reason) = await _node.GenerationAsync(ct);
        if (generation is null)
            return reason;
        (DirectoryEntry? top, reason) = await _root.FindAsync(generation, ct);
        if (top is null)
            return reason;
        _root.Generation = generation;
        var reading = new ReadingOptions
        {
            Timeout = options.Timeout, ReadsAhead = options.Prefetch == Prefetch.Window, Passthrough = !options.VerifyAlways,
        };
        _files = new XgetFileSystem(new InodeTable(top.Attributes, top.Data), contents, reading, MagicOf, Sizes, time, _log);
        var mountOptions = new MountOptions
        {
            Source = options.Source, Subtype = "xget", Options = options.MountOptions, Passthrough = !options.VerifyAlways, Time = time,
            Complaint = line => _log.Warning("{Complaint:l}", line),
        };
        try
        {
            _mount = await FuseMount.MountAsync(_files, options.MountPoint, mountOptions, ct);
        }
        catch (FuseException e)
        {
            return e.Message;
        }
        _following = Task.WhenAll(UntilStoppedAsync(new GenerationFollower(_node, _files, contents, _root, _log).RunAsync(time, _stopping.Token)),
            UntilStoppedAsync(contents.RunAsync(_stopping.Token)));
        return null;
    }

    private static async Task UntilStoppedAsync(Task work)
    {
        try
        {
            await work;
        }
        catch (OperationCanceledException)
        {
            // Unmounted.
        }
    }

    private FuseStatFs Sizes()
    {
        const uint BlockSize = 4096;
        GenerationText generation = _root.Generation;
        return new FuseStatFs
        {
            BlockSize = BlockSize, FragmentSize = BlockSize, NameLength = FileName.MaxLength,
            Blocks = (generation.Bytes + BlockSize - 1) / BlockSize, Files = (ulong)generation.Files,
        };
    }

    private MagicXattrs MagicOf(Inode inode) => inode.Parent is null
        ? new MagicXattrs(("stats", Stats), ("generation", () => _root.Generation.Root.ToString()))
        : inode.Attributes.Type == EntryType.Regular
            ? new MagicXattrs(("digest", () => inode.Data.Content.ToString()), ("state", () => State(inode)), ("source", () => Source(inode)))
            : new MagicXattrs();

    private string State(Inode inode)
    {
        if (inode.Data.Length == 0)
            return "cached";
        if (_node.Find(inode.Data.Content) is not { Store: { } store })
            return IsInCache(inode.Data.Content) ? "cached" : "absent";
        ChunkTable table = store.Table;
        int first = (int)(inode.Data.Offset / (ulong)table.ChunkSize);
        int last = (int)((inode.Data.Offset + inode.Data.Length - 1) / (ulong)table.ChunkSize);
        int have = 0;
        for (int i = first; i <= last; i++)
            have += store.Map[i] ? 1 : 0;
        int all = last - first + 1;
        return have == all ? "cached" : have == 0 ? "absent"
            : string.Create(CultureInfo.InvariantCulture, $"partial {100L * have / all} %");
    }

    private bool IsInCache(Digest digest)
    {
        foreach (Digest complete in _cache.Complete)
        {
            if (complete == digest)
                return true;
        }
        return false;
    }

    private string Source(Inode inode) =>
        _node.Find(inode.Data.Content) is { } transfer ? string.Join(' ', transfer.Sources()) : "";

    /// <summary>Figures, one <c>name value</c> a line: what <c>xget stats MOUNTPOINT</c> shows.</summary>
    private string Stats()
    {
        CacheStatistics cache = _cache.Statistics;
        Counters moved = _node.Counters;
        return string.Create(CultureInfo.InvariantCulture,
            $"generation {_root.Generation.Number}\ncache-bytes {cache.Bytes}\ncache-contents {cache.Contents}\n" +
            $"cache-hits {cache.Hits}\ncache-misses {cache.Misses}\ncache-evicted {cache.Evicted}\ncache-corrupt {cache.CorruptFound}\n" +
            $"bytes-from-master {moved.FromMaster}\nbytes-from-workers {moved.FromWorkers}\nbytes-to-others {moved.ToOthers}\n" +
            $"retries {moved.Retries}\nchildren {_node.Children}\nopen-files {_files!.OpenFiles}\ninodes {_files.Inodes.Count}\n");
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
