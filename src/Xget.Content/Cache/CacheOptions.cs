namespace Xget.Content.Cache;

/// <summary>Where a node keeps contents, and how much of the disk they may take. Immutable.</summary>
public sealed record CacheOptions
{
    /// <summary>The cache's directory, which is made (mode 0700) if its parent is there.</summary>
    public required string Directory { get; init; }

    /// <summary>The most bytes on disk that the cache may take; null for no limit.</summary>
    public ulong? SizeLimit { get; init; }

    /// <summary>Bytes of the file system that are left free; null for 5 % of it.</summary>
    public ulong? MinFree { get; init; }

    /// <summary>Every read of a file is hashed before it is handed on.</summary>
    public bool VerifyAlways { get; init; }

    /// <summary>
    /// Bytes of memory, of all contents together, for chunks that the disk has no room for. The oldest make room for
    /// new ones.
    /// </summary>
    public long ReadThrough { get; init; } = 32 << 20;
}
