namespace Xget.NineP;

/// <summary>What stat(2) tells about a file, without its qid. The plain dialects carry the part that they know.</summary>
public readonly record struct Attributes
{
    /// <summary>st_mode: the type bits (S_IFMT) and twelve permission bits.</summary>
    public uint Mode { get; init; }

    /// <summary>The owner's number; 0xFFFFFFFF where the peer gave none.</summary>
    public uint Uid { get; init; }

    /// <summary>The group's number; 0xFFFFFFFF where the peer gave none.</summary>
    public uint Gid { get; init; }

    /// <summary>Number of hard links.</summary>
    public ulong NLink { get; init; }

    /// <summary>A device's number as Linux's makedev(3) packs it.</summary>
    public ulong Rdev { get; init; }

    /// <summary>Length in bytes.</summary>
    public ulong Size { get; init; }

    /// <summary>Preferred size of a read, in bytes.</summary>
    public ulong BlockSize { get; init; }

    /// <summary>Space taken, in units of 512 bytes.</summary>
    public ulong Blocks { get; init; }

    /// <summary>Last access.</summary>
    public Timespec Atime { get; init; }

    /// <summary>Last change of the bytes.</summary>
    public Timespec Mtime { get; init; }

    /// <summary>Last change of the bytes or the attributes.</summary>
    public Timespec Ctime { get; init; }

    /// <summary>Major number in <see cref="Rdev"/>.</summary>
    public uint RdevMajor => (uint)(((Rdev >> 8) & 0xFFF) | ((Rdev >> 32) & 0xFFFFF000));

    /// <summary>Minor number in <see cref="Rdev"/>.</summary>
    public uint RdevMinor => (uint)((Rdev & 0xFF) | ((Rdev >> 12) & 0xFFFFFF00));

    /// <summary>Packs a device number as Linux's makedev(3) does.</summary>
    public static ulong MakeDevice(uint major, uint minor) =>
        (minor & 0xFFUL) | ((minor & 0xFFFFFF00UL) << 12) | ((major & 0xFFFUL) << 8) | ((major & 0xFFFFF000UL) << 32);
}
