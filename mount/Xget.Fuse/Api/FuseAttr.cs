using System.Runtime.InteropServices;

namespace Xget.Fuse;

/// <summary>
/// What stat(2) shows of an inode, exactly as it lies on the wire (struct fuse_attr of the kernel's
/// include/uapi/linux/fuse.h, 88 bytes).
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct FuseAttr
{
    /// <summary>The inode number that stat(2) shows; the kernel finds inodes by node id, not by this.</summary>
    public ulong Ino { get; init; }

    /// <summary>Bytes.</summary>
    public ulong Size { get; init; }

    /// <summary>Units of 512 bytes.</summary>
    public ulong Blocks { get; init; }

    /// <summary>Time of the last access in seconds since 1970, two's complement before it.</summary>
    public ulong Atime { get; init; }

    /// <summary>Time of the last change of the bytes, as <see cref="Atime"/>.</summary>
    public ulong Mtime { get; init; }

    /// <summary>Time of the last change of the inode, as <see cref="Atime"/>.</summary>
    public ulong Ctime { get; init; }

    /// <summary>Nanoseconds of <see cref="Atime"/>, below 1e9.</summary>
    public uint AtimeNsec { get; init; }

    /// <summary>Nanoseconds of <see cref="Mtime"/>, below 1e9.</summary>
    public uint MtimeNsec { get; init; }

    /// <summary>Nanoseconds of <see cref="Ctime"/>, below 1e9.</summary>
    public uint CtimeNsec { get; init; }

    /// <summary>File type and permissions, as in st_mode.</summary>
    public uint Mode { get; init; }

    /// <summary>Number of names.</summary>
    public uint Nlink { get; init; }

    /// <summary>Owner.</summary>
    public uint Uid { get; init; }

    /// <summary>Owning group.</summary>
    public uint Gid { get; init; }

    /// <summary>A device node's number in the kernel's 32-bit form: see <see cref="MakeDevice"/>.</summary>
    public uint Rdev { get; init; }

    /// <summary>st_blksize in bytes; 0 stands for the page size.</summary>
    public uint Blksize { get; init; }

    /// <summary>FUSE_ATTR_ flags (1 submount, 2 DAX).</summary>
    public uint Flags { get; init; }

    /// <summary>The 32-bit form of a device number (the kernel's new_encode_dev).</summary>
    public static uint MakeDevice(uint major, uint minor) => (minor & 0xff) | (major << 8) | ((minor & ~0xffu) << 12);
}
