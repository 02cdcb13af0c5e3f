using System.Runtime.InteropServices;
using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <summary>
/// What the kernel tells of a file: <c>struct statx</c> of linux/stat.h, the same on every architecture.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct FileStatus
{
    [FieldOffset(16)] public uint LinkCount;
    [FieldOffset(20)] public uint Uid;
    [FieldOffset(24)] public uint Gid;
    [FieldOffset(28)] public ushort RawMode;
    [FieldOffset(32)] public ulong Inode;
    [FieldOffset(40)] public ulong Size;
    [FieldOffset(112)] public long ModifiedSeconds;
    [FieldOffset(120)] public uint ModifiedNanoseconds;
    [FieldOffset(128)] public uint NodeMajor;
    [FieldOffset(132)] public uint NodeMinor;
    [FieldOffset(136)] public uint DeviceMajor;
    [FieldOffset(140)] public uint DeviceMinor;

    public readonly FilePermissions Type => (FilePermissions)RawMode & FilePermissions.S_IFMT;

    /// <summary>The twelve permission bits.</summary>
    public readonly uint Mode => RawMode & 0xFFFu;

    public readonly bool IsRegular => Type == FilePermissions.S_IFREG;

    public readonly bool IsDirectory => Type == FilePermissions.S_IFDIR;

    public readonly Timestamp Modified => new(ModifiedSeconds, ModifiedNanoseconds);

    public readonly bool IsSameFile(in FileStatus other)
        => Inode == other.Inode && DeviceMajor == other.DeviceMajor && DeviceMinor == other.DeviceMinor;
}
