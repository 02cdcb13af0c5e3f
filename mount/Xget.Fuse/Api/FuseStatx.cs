using System.Runtime.InteropServices;

namespace Xget.Fuse;

/// <summary>What statx(2) shows, exactly as it lies on the wire (struct fuse_statx, 256 bytes with its spare end).</summary>
[StructLayout(LayoutKind.Sequential, Size = 256)]
public readonly record struct FuseStatx
{
    /// <summary>STATX_ bits of the fields that are filled.</summary>
    public uint Mask { get; init; }

    /// <summary>st_blksize in bytes.</summary>
    public uint Blksize { get; init; }

    /// <summary>STATX_ATTR_ bits.</summary>
    public ulong Attributes { get; init; }

    /// <summary>Number of names.</summary>
    public uint Nlink { get; init; }

    /// <summary>Owner.</summary>
    public uint Uid { get; init; }

    /// <summary>Owning group.</summary>
    public uint Gid { get; init; }

    /// <summary>File type and permissions, as in st_mode.</summary>
    public ushort Mode { get; init; }

    /// <summary>Inode number.</summary>
    public ulong Ino { get; init; }

    /// <summary>Bytes.</summary>
    public ulong Size { get; init; }

    /// <summary>Units of 512 bytes.</summary>
    public ulong Blocks { get; init; }

    /// <summary>The bits of <see cref="Attributes"/> that the file system knows.</summary>
    public ulong AttributesMask { get; init; }

    /// <summary>Last access.</summary>
    public FuseStatxTime Atime { get; init; }

    /// <summary>Birth.</summary>
    public FuseStatxTime Btime { get; init; }

    /// <summary>Last change of the inode.</summary>
    public FuseStatxTime Ctime { get; init; }

    /// <summary>Last change of the bytes.</summary>
    public FuseStatxTime Mtime { get; init; }

    /// <summary>A device node's major number.</summary>
    public uint RdevMajor { get; init; }

    /// <summary>A device node's minor number.</summary>
    public uint RdevMinor { get; init; }

    /// <summary>Ignored: the kernel shows the mount's own.</summary>
    public uint DevMajor { get; init; }

    /// <summary>Ignored: the kernel shows the mount's own.</summary>
    public uint DevMinor { get; init; }
}
