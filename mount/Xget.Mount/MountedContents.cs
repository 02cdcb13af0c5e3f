using Mono.Unix.Native;
using Serilog;
using Xget.Content;
using Xget.Content.Cache;
using Xget.Content.Store;
using Xget.Node;
using Xget.Node.Fetching;

namespace Xget.Mount;

/// <summary>
/// The contents that a mount reads: fetched by the node into the cache, on demand. What nobody uses stays open, and so
/// advertised to others, for as long as the cache has room; then the longest unused are let go of, so that the cache may
/// evict them. Thread-safe.
/// </summary>
internal sealed class MountedContents(ClusterNode node, ContentCache cache, XgetMountOptions options, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);
    private const ulong LargestDirectory = 1 << 30;
    private const int AdvertisedAtATime = 16;
    private const double Full = 0.9;

    private readonly Lock _gate = new();
    private readonly Dictionary<Digest, Use> _uses = [];

    private sealed class Use(Transfer transfer)
    {
        internal Transfer Transfer { get; set; } = transfer;
        internal int Users { get; set; }
        internal long LastUsed { get; set; }
    }

    /// <summary>
    /// The content that some bytes are in; its chunks come when they are read, or ahead of that. Given back by
    /// <see cref="Close"/>.
    /// </summary>
    internal Transfer Open(DataReference data, string name)
    {
        lock (_gate)
        {
            if (!_uses.TryGetValue(data.Content, out Use? use))
                _uses.Add(data.Content, use = new Use(Fetch(data, name)));
            else if (use.Transfer is { HasFailed: true, Store: not { Map.IsComplete: true } })
            {
                // It failed for good once, but the master may publish it again. What is whole needs no master.
                _ = node.DropAsync(use.Transfer).AsTask();
                use.Transfer = Fetch(data, name);
            }
            use.Users++;
            return use.Transfer;
        }
    }

    /// <summary>The content that some bytes are in, if it is open.</summary>
    internal Transfer? Find(DataReference data)
    {
        lock (_gate)
            return _uses.GetValueOrDefault(data.Content)?.Transfer;
    }

    /// <summary>Whoever opened it has no use for it any more.</summary>
    internal void Close(Transfer transfer)
    {
        lock (_gate)
        {
            if (_uses.TryGetValue(transfer.Digest, out Use? use))
            {
                use.Users--;
                use.LastUsed = time.GetTimestamp();
            }
        }
    }

    /// <summary>A directory's entries.</summary>
    internal async Task<DirectoryLoad> LoadAsync(DataReference data, string name, CancellationToken ct)
    {
        Transfer transfer = Open(data, name);
        try
        {
            return await LoadAsync(transfer, data, name, ct);
        }
        finally
        {
            Close(transfer);
        }
    }

    /// <summary>Says at once what an earlier run has left whole, and then lets go of what is not used when room is short.</summary>
    internal async Task RunAsync(CancellationToken ct)
    {
        await DespiteFailureAsync(() => AdvertiseAsync(ct), ct);
        using var timer = new PeriodicTimer(Look, time);
        while (await timer.WaitForNextTickAsync(ct))
        {
            if (IsShortOfRoom())
                await DespiteFailureAsync(LetGoAsync, ct);
        }
    }

    private async Task DespiteFailureAsync(Func<Task> work, CancellationToken ct)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            log.Error(e, "looking after the cache failed; goes on");
        }
    }

    private Transfer Fetch(DataReference data, string name)
    {
        cache.TryFindTable(data.Content, out ChunkTable? table);
        return node.Fetch(data.Content, ClusterNode.SizeOf(data), name, OpenStoreAsync, table,
            ranges: options.Prefetch == Prefetch.File ? null : []);
    }

    private async Task<DirectoryLoad> LoadAsync(Transfer transfer, DataReference data, string name, CancellationToken ct)
    {
        Errno error = await transfer.EnsureAsync(data.Offset, data.Length, ct);
        if (error == 0 && (data.Length > LargestDirectory || data.Offset + data.Length > transfer.Size))
            error = Errno.EIO;
        byte[] bytes = error == 0 ? new byte[data.Length] : [];
        for (int got = 0; error == 0 && got < bytes.Length;)
        {
            if (!transfer.TryRead(data.Offset + (ulong)got, bytes.Length - got, out ContentRange range))
            {
                // A cache without room has lost it already: it comes again.
                error = await transfer.EnsureAsync(data.Offset + (ulong)got, data.Length - (ulong)got, ct);
                continue;
            }
            using (range)
            {
                error = range.Count == 0 && range.Error == 0 ? Errno.EIO : range.CopyTo(bytes.AsSpan(got));
                got += range.Count;
            }
        }
        if (error != 0)
            return new DirectoryLoad(null, XgetFileSystem.Broken(error));
        if (DirectoryObject.TryDecode(bytes, out DirectoryObject? directory, out string? reason))
            return new DirectoryLoad(directory, 0);
        log.Error("{Name}: the directory object is not valid: {Reason:l}", name, reason);
        return new DirectoryLoad(null, Errno.EIO);
    }

    private async Task AdvertiseAsync(CancellationToken ct)
    {
        if (!options.Node.Share)
            return;
        var running = new List<Task>();
        foreach (Digest digest in cache.Complete)
        {
            running.Add(AdvertiseAsync(digest, ct));
            if (running.Count < AdvertisedAtATime)
                continue;
            await Task.WhenAll(running);
            running.Clear();
        }
        await Task.WhenAll(running);
    }

    private async Task AdvertiseAsync(Digest digest, CancellationToken ct)
    {
        Transfer transfer = Open(new DataReference(digest, 0, 0), $"{digest.ToString()[..16]} (cached)");
        await transfer.TableAsync(ct);
        Close(transfer);
    }

    private bool IsShortOfRoom()
    {
        if (options.CacheSize is { } limit && cache.Statistics.Bytes > limit * Full)
            return true;
        try
        {
            var disk = new DriveInfo(options.CacheDirectory);
            ulong floor = options.CacheMinFree ?? (ulong)disk.TotalSize / 20;
            return (ulong)disk.AvailableFreeSpace < floor / Full;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Half of what is idle, the longest unused first.</summary>
    private async Task LetGoAsync()
    {
        List<Use> idle = [];
        List<Task> ending = [];
        lock (_gate)
        {
            foreach (Use use in _uses.Values)
            {
                if (use.Users == 0)
                    idle.Add(use);
            }
            idle.Sort((a, b) => a.LastUsed.CompareTo(b.LastUsed));
            idle.RemoveRange((idle.Count + 1) / 2, idle.Count / 2);
            foreach (Use use in idle)
            {
                _uses.Remove(use.Transfer.Digest);
                // Begun under the lock: whoever opens it now must get another transfer, not the one that ends.
                ending.Add(node.DropAsync(use.Transfer).AsTask());
            }
        }
        await Task.WhenAll(ending);
    }

    private async Task<(Errno Error, StoredContent? Store)> OpenStoreAsync(ChunkTable table, CancellationToken ct) =>
        await cache.OpenAsync(table, ct);
}
