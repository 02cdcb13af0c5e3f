namespace Xget.Fuse;

/// <summary>How the kernel treats an open file (FOPEN_ flags of include/uapi/linux/fuse.h).</summary>
[Flags]
public enum FuseOpenFlags : uint
{
    /// <summary>Cached; the pages that are there from earlier opens are dropped.</summary>
    None = 0,

    /// <summary>No page cache: each read(2) is a READ, which may be answered short.</summary>
    DirectIO = 1 << 0,

    /// <summary>Keep the pages from earlier opens.</summary>
    KeepCache = 1 << 1,

    /// <summary>lseek(2) fails.</summary>
    NonSeekable = 1 << 2,

    /// <summary>The entries of a directory may be cached.</summary>
    CacheDirectory = 1 << 3,

    /// <summary>There is no file position at all.</summary>
    Stream = 1 << 4,

    /// <summary>No FLUSH at close(2).</summary>
    NoFlush = 1 << 5,

    /// <summary>Direct writes to one inode may run at once.</summary>
    ParallelDirectWrites = 1 << 6,

    /// <summary>Reads go to the backing file; not together with <see cref="KeepCache"/>.</summary>
    Passthrough = 1 << 7,
}
