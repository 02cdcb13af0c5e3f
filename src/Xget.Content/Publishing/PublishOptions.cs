namespace Xget.Content;

/// <summary>How a directory is published.</summary>
public sealed record PublishOptions
{
    /// <summary>
    /// Stay on the root's file system: a directory on another one is published as an empty directory (-x).
    /// </summary>
    public bool OneFileSystem { get; init; }

    /// <summary>Threads that hash, 1 or more; by default one for each processor.</summary>
    public int Parallelism { get; init; } = Environment.ProcessorCount;
}
