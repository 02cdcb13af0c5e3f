using System.Runtime.InteropServices;

namespace Xget.Fuse;

/// <summary>What statfs(2) shows (struct fuse_kstatfs, 80 bytes with its spare end).</summary>
[StructLayout(LayoutKind.Sequential, Size = 80)]
public readonly record struct FuseStatFs
{
    /// <summary>Size in units of <see cref="FragmentSize"/>.</summary>
    public ulong Blocks { get; init; }

    /// <summary>Free units.</summary>
    public ulong Free { get; init; }

    /// <summary>Free units for ordinary users.</summary>
    public ulong Available { get; init; }

    /// <summary>Number of inodes.</summary>
    public ulong Files { get; init; }

    /// <summary>Free inodes.</summary>
    public ulong FilesFree { get; init; }

    /// <summary>Best size of a transfer in bytes.</summary>
    public uint BlockSize { get; init; }

    /// <summary>Longest name in bytes.</summary>
    public uint NameLength { get; init; }

    /// <summary>Bytes of a unit; 0 stands for <see cref="BlockSize"/>.</summary>
    public uint FragmentSize { get; init; }
}
