namespace Xget.Mount;

/// <summary>How a mount reads, and how it shows what it reads.</summary>
internal sealed record ReadingOptions
{
    /// <summary>How long a reader waits for the network before it gets EIO.</summary>
    internal required TimeSpan Timeout { get; init; }

    /// <summary>Whether sequential readers are kept ahead of.</summary>
    internal required bool ReadsAhead { get; init; }

    /// <summary>Whether the kernel may read complete files itself.</summary>
    internal required bool Passthrough { get; init; }

    /// <summary>Owner and permissions that are shown in place of the master's.</summary>
    internal ShownOwner Owner { get; init; }

    /// <summary>Whether inode numbers and the offsets of listings fit into 32 bits.</summary>
    internal bool Is32Bit { get; init; }

    /// <summary>
    /// Another in each mount, so that a file handle of one that has ended (NFS keeps them) is stale and leads to no other
    /// file; from 1 to 2^31 - 1.
    /// </summary>
    internal uint HandleGeneration { get; init; } = 1;
}
