namespace Xget.Content.Cache;

/// <summary>A cache's figures at one moment. The counts are those of this process.</summary>
/// <param name="Bytes">Bytes on disk, of all processes; an estimate between two looks at the directory.</param>
/// <param name="Contents">Contents on disk, complete or not, at the last look and those opened since.</param>
/// <param name="Hits">Contents that were complete when they were opened.</param>
/// <param name="Misses">Contents that were not.</param>
/// <param name="Evicted">Contents removed to make room.</param>
/// <param name="CorruptFound">Chunks whose bytes turned out not to be what had been stored.</param>
public sealed record CacheStatistics(
    ulong Bytes, int Contents, long Hits, long Misses, long Evicted, long CorruptFound);
