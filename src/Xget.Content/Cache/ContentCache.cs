using Mono.Unix.Native;
using Xget.Content.Store;

namespace Xget.Content.Cache;

/// <summary>
/// A node's cache of contents in a directory, shared by several processes and kept from one run to the next.
/// Thread-safe.
/// </summary>
/// <remarks>
/// Nothing is synchronised to disk. A map is believed only if its content was cleanly closed in this boot and the file
/// is as it was then; anything else is hashed before it is believed. Contents that are open are never removed; of the
/// others the least recently used go when room is short.
/// </remarks>
public sealed class ContentCache : IDisposable
{
    /// <summary>Contents up to this size are checked before they are handed out, larger ones meanwhile.</summary>
    private const ulong CheckedAtOnce = 16 << 20;

    private readonly TimeProvider _time;
    private int _disposed;

    private ContentCache(CacheDirectory directory, CacheOptions options, TimeProvider time, Guid boot)
    {
        _time = time;
        Directory = directory;
        Options = options;
        Boot = boot;
        Counters = new CacheCounters();
        Space = new CacheSpace(directory, options, Counters, time);
        ReadThrough = new ReadThrough(options.ReadThrough);
    }

    /// <summary>
    /// The contents that were complete when they were last closed and look untouched: what a node can serve at once.
    /// Looks at the directory each time.
    /// </summary>
    public IEnumerable<Digest> Complete
    {
        get
        {
            foreach (CachedObject item in List())
            {
                if (IsComplete(item.Content))
                    yield return item.Content;
            }
        }
    }

    /// <summary>The figures as they are now.</summary>
    public CacheStatistics Statistics => new(
        Space.Bytes, Space.Contents, Counters.Hits, Counters.Misses, Counters.Evicted, Counters.Corrupt);

    internal CacheOptions Options { get; }

    internal CacheDirectory Directory { get; }

    internal CacheSpace Space { get; }

    internal CacheCounters Counters { get; }

    internal ReadThrough ReadThrough { get; }

    internal Guid Boot { get; }

    internal Timestamp Now
    {
        get
        {
            long ticks = (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks;
            long seconds = Math.DivRem(ticks, TimeSpan.TicksPerSecond, out long rest);
            return new Timestamp(seconds, (uint)(rest * TimeSpan.NanosecondsPerTick));
        }
    }

    /// <summary>Opens a cache, or makes an empty one.</summary>
    /// <returns>
    /// 0, ENOTEMPTY or EINVAL for a directory that is something else, EPERM if it belongs to another user, or what the
    /// disk said; with one line for people.
    /// </returns>
    public static Errno Open(CacheOptions options, TimeProvider time, out ContentCache? cache, out string? reason)
        => Open(options, time, BootId.Read(), out cache, out reason);

    /// <summary>
    /// Opens a content. It always is a <see cref="CachedContent"/>; what is there of it is set in its map, for one of
    /// more than 16 MiB after an unclean stop little by little. The caller disposes it.
    /// </summary>
    /// <returns>The content, or EBADF if the cache is disposed. Trouble with the disk is no error.</returns>
    /// <exception cref="OperationCanceledException">Cancelled while verifying.</exception>
    public async Task<(Errno Error, StoredContent? Content)> OpenAsync(ChunkTable table, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (!TryHold())
            return (Errno.EBADF, null);
        ObjectName name = new(table.Content);
        LockedFile? file = LockedFile.Open(Directory, name, table, Boot);
        if (file is { IsNew: true, There: null })
            Space.Added();
        file ??= LockedFile.Nameless(Directory, table);
        CachedContent content = new(this, table, name, file);
        try
        {
            if (table.Size <= CheckedAtOnce)
                await content.Verified.WaitAsync(ct);
        }
        catch
        {
            content.Dispose();
            throw;
        }
        Counters.Opened(content.IsWhole);
        // Room that others took meanwhile, or that a lower limit asks for.
        Space.TryTake(0, isNameless: false);
        return (0, content);
    }

    /// <summary>The chunk table of a content that is in the cache, whole or not.</summary>
    public bool TryFindTable(Digest content, out ChunkTable? table)
    {
        table = null;
        if (!TryHold())
            return false;
        using (Directory)
        {
            return Directory.ReadMap(new ObjectName(content), out byte[] body) is { } map
                && ChunkTable.TryDecode(body.AsMemory(0, (int)map.TableLength), content, out table, out _);
        }
    }

    /// <summary>Ends it; contents that are open can still be used.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            Directory.Dispose();
    }

    internal static Errno Open(
        CacheOptions options, TimeProvider time, Guid boot, out ContentCache? cache, out string? reason)
    {
        cache = null;
        Errno error = CacheDirectory.Open(options.Directory, out CacheDirectory? directory, out reason);
        if (error == 0)
            cache = new ContentCache(directory!, options, time, boot);
        return error;
    }

    /// <summary>A content was closed.</summary>
    internal void Closed()
    {
        Space.Closed();
        Directory.Dispose();
    }

    private bool TryHold() => Volatile.Read(ref _disposed) == 0 && Directory.TryHold();

    private List<CachedObject> List()
    {
        if (!TryHold())
            return [];
        using (Directory)
            return Directory.List();
    }

    /// <summary>Whether a content was complete when it was last closed and looks untouched.</summary>
    public bool IsComplete(Digest content)
    {
        if (!TryHold())
            return false;
        using (Directory)
            return Directory.IsComplete(new ObjectName(content), Boot);
    }
}
