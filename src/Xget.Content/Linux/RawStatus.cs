using System.Runtime.InteropServices;

namespace Xget.Content.Linux;

/// <summary>struct statx (linux/stat.h), the same on every architecture.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct RawStatus
{
    /// <summary>STATX_BASIC_STATS.</summary>
    public const uint BasicMask = 0x7ff;

    [FieldOffset(16)] public uint LinkCount;
    [FieldOffset(20)] public uint Uid;
    [FieldOffset(24)] public uint Gid;
    [FieldOffset(28)] public ushort Mode;
    [FieldOffset(32)] public ulong Inode;
    [FieldOffset(40)] public ulong Size;
    [FieldOffset(48)] public ulong Blocks;
    [FieldOffset(96)] public RawTime Ctime;
    [FieldOffset(112)] public RawTime Mtime;
    [FieldOffset(128)] public uint RdevMajor;
    [FieldOffset(132)] public uint RdevMinor;
    [FieldOffset(136)] public uint DeviceMajor;
    [FieldOffset(140)] public uint DeviceMinor;

    /// <summary>struct statx_timestamp.</summary>
    public struct RawTime
    {
        public long Seconds;
        public uint Nanoseconds;
        public int Reserved;

        public readonly Timestamp ToTimestamp() => new(Seconds, Nanoseconds);
    }

    public readonly ulong Device => ((ulong)DeviceMajor << 32) | DeviceMinor;

    public readonly ushort Permissions => (ushort)(Mode & EntryAttributes.PermissionMask);

    public readonly EntryType Type => (Mode >> 12) switch
    {
        1 => EntryType.Fifo,
        2 => EntryType.Character,
        4 => EntryType.Directory,
        6 => EntryType.Block,
        8 => EntryType.Regular,
        10 => EntryType.Symlink,
        12 => EntryType.Socket,
        _ => EntryType.None,
    };

    /// <summary>True if the file has fewer blocks than bytes, so that it may have holes.</summary>
    public readonly bool MayHaveHoles => Blocks < Size / 512;
}
