using System.Runtime.InteropServices;

namespace Xget.Fuse;

/// <summary>struct fuse_entry_out.</summary>
internal readonly record struct EntryWire(ulong NodeId, ulong Generation, ulong EntryValid, ulong AttrValid,
    uint EntryValidNsec, uint AttrValidNsec, FuseAttr Attr)
{
    public static EntryWire Of(in EntryOut entry) => new(entry.NodeId, entry.Generation, WireTime.Seconds(entry.EntryValid),
        WireTime.Seconds(entry.AttrValid), WireTime.Nanoseconds(entry.EntryValid), WireTime.Nanoseconds(entry.AttrValid),
        entry.Attr);
}

/// <summary>struct fuse_attr_out.</summary>
internal readonly record struct AttrWire(ulong AttrValid, uint AttrValidNsec, uint Dummy, FuseAttr Attr)
{
    public static AttrWire Of(in AttrOut attr) =>
        new(WireTime.Seconds(attr.Valid), WireTime.Nanoseconds(attr.Valid), 0, attr.Attr);
}

/// <summary>struct fuse_statx_out.</summary>
internal readonly record struct StatxWire(ulong AttrValid, uint AttrValidNsec, uint Flags, ulong Spare0, ulong Spare1,
    FuseStatx Stat)
{
    public static StatxWire Of(in StatxOut statx) =>
        new(WireTime.Seconds(statx.Valid), WireTime.Nanoseconds(statx.Valid), 0, 0, 0, statx.Stat);
}

/// <summary>struct fuse_getxattr_out.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly record struct GetXattrOut(uint Size);

/// <summary>struct fuse_lseek_out.</summary>
internal readonly record struct LseekOut(ulong Offset);

/// <summary>struct fuse_dirent, followed by the name and padded to 8 bytes.</summary>
internal readonly record struct Dirent(ulong Ino, ulong Off, uint NameLen, uint Type);
