namespace Xget.Node.Copying;

/// <summary>What a copy's plan may take, so that no tree, however it is made, takes all of a node's memory. Immutable.</summary>
public sealed record PlanLimits
{
    /// <summary>Entries of all directories: twice what the largest file systems that are copied as files have.</summary>
    public long Entries { get; init; } = 20_000_000;

    /// <summary>Directories below one another: as many as a path of 4,096 bytes, the longest that programs can use, has.</summary>
    public int Depth { get; init; } = 4096;

    /// <summary>
    /// Bytes of memory, as estimated: 8 GiB, which is about what 20 million entries take, or half of what the process may
    /// use, if that is less.
    /// </summary>
    public long Memory { get; init; } = Math.Min(8L << 30, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2);
}
