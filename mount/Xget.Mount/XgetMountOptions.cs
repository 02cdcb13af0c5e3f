using Xget.Node;

namespace Xget.Mount;

/// <summary>What is fetched ahead of a reader.</summary>
public enum Prefetch
{
    /// <summary>Only what is read.</summary>
    None,

    /// <summary>Ahead of sequential readers, more and more up to 32 MiB.</summary>
    Window,

    /// <summary>The whole file, as soon as it is opened.</summary>
    File,
}

/// <summary>What is mounted, where and how.</summary>
public sealed record XgetMountOptions
{
    /// <summary>How the node fetches and re-exports.</summary>
    public required NodeOptions Node { get; init; }

    /// <summary>What /proc/mounts shows, as the user wrote it: <c>master:/sub</c>.</summary>
    public required string Source { get; init; }

    /// <summary>The directory of the master's tree, "/" for all of it.</summary>
    public required string Path { get; init; }

    /// <summary>The mount point.</summary>
    public required string MountPoint { get; init; }

    /// <summary>The words after -o that are mount(8)'s and the kernel's.</summary>
    public string MountOptions { get; init; } = "ro,nosuid,nodev";

    /// <summary>The cache's directory.</summary>
    public required string CacheDirectory { get; init; }

    /// <summary>The cache's size limit in bytes; null for none.</summary>
    public ulong? CacheSize { get; init; }

    /// <summary>Bytes that stay free on the cache's file system; null for a twentieth of it.</summary>
    public ulong? CacheMinFree { get; init; }

    /// <summary>Check each read of the cache, at the price of passthrough.</summary>
    public bool VerifyAlways { get; init; }

    /// <summary>What is fetched ahead.</summary>
    public Prefetch Prefetch { get; init; } = Prefetch.Window;

    /// <summary>How long a reader waits for the network before it gets EIO.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Stay with the generation that was mounted, whatever the master publishes.</summary>
    public bool IsPinned { get; init; }

    /// <summary>Let the kernel read complete files itself, which takes one of its two levels of stacked file systems.</summary>
    public bool Passthrough { get; init; } = true;

    /// <summary>Inode numbers of at most 32 bits, for programs that know no others.</summary>
    public bool Inode32 { get; init; }

    /// <summary>The owner that all files are shown with; null for the master's.</summary>
    public uint? Uid { get; init; }

    /// <summary>The group that all files are shown with; null for the master's.</summary>
    public uint? Gid { get; init; }

    /// <summary>Permissions that no file is shown with, of 0777, all others being given; null for the master's.</summary>
    public uint? Umask { get; init; }
}
