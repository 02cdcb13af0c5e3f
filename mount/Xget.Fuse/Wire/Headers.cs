using System.Runtime.InteropServices;

namespace Xget.Fuse;

/// <summary>Begins each request: struct fuse_in_header.</summary>
[StructLayout(LayoutKind.Sequential, Size = 40)]
internal record struct InHeader
{
    public uint Len;
    public FuseOpcode Opcode;
    public ulong Unique;
    public ulong NodeId;
    public uint Uid;
    public uint Gid;
    public uint Pid;

    /// <summary>Length of the extensions at the request's end, in units of 8 bytes.</summary>
    public ushort TotalExtlen;
}

/// <summary>Begins each reply and notification: struct fuse_out_header.</summary>
/// <param name="Len">Bytes of the whole reply.</param>
/// <param name="Error">0 or a negative errno; for a notification its code.</param>
/// <param name="Unique">The request's, or 0 for a notification.</param>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal readonly record struct OutHeader(uint Len, int Error, ulong Unique);
