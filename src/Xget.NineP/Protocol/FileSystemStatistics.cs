namespace Xget.NineP;

/// <summary>What statfs(2) tells about a file system, as Rstatfs carries it.</summary>
public readonly record struct FileSystemStatistics
{
    /// <summary>f_type: the magic number of the kind of file system.</summary>
    public uint Type { get; init; }

    /// <summary>Bytes in a block.</summary>
    public uint BlockSize { get; init; }

    /// <summary>Blocks in all.</summary>
    public ulong Blocks { get; init; }

    /// <summary>Free blocks.</summary>
    public ulong BlocksFree { get; init; }

    /// <summary>Free blocks that an ordinary user may take.</summary>
    public ulong BlocksAvailable { get; init; }

    /// <summary>Inodes in all.</summary>
    public ulong Files { get; init; }

    /// <summary>Free inodes.</summary>
    public ulong FilesFree { get; init; }

    /// <summary>The file system's identity.</summary>
    public ulong FileSystemId { get; init; }

    /// <summary>Longest name, in bytes.</summary>
    public uint NameLength { get; init; }
}
