namespace Xget.Content.Cache;

/// <summary>What a cache counts. Thread-safe.</summary>
internal sealed class CacheCounters
{
    private long _hits;
    private long _misses;
    private long _evicted;
    private long _corrupt;

    public long Hits => Volatile.Read(ref _hits);

    public long Misses => Volatile.Read(ref _misses);

    public long Evicted => Volatile.Read(ref _evicted);

    public long Corrupt => Volatile.Read(ref _corrupt);

    public void Opened(bool isHit) => Interlocked.Increment(ref isHit ? ref _hits : ref _misses);

    public void Evict() => Interlocked.Increment(ref _evicted);

    public void FoundCorrupt(long chunks) => Interlocked.Add(ref _corrupt, chunks);
}
