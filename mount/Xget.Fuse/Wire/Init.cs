using System.Runtime.InteropServices;

namespace Xget.Fuse;

/// <summary>struct fuse_init_in; before 7.36 only the first 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal record struct InitIn
{
    public uint Major;
    public uint Minor;
    public uint MaxReadahead;
    public uint Flags;
    public uint Flags2;
}

/// <summary>struct fuse_init_out.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal record struct InitOut
{
    public uint Major;
    public uint Minor;
    public uint MaxReadahead;
    public uint Flags;
    public ushort MaxBackground;
    public ushort CongestionThreshold;
    public uint MaxWrite;
    public uint TimeGran;
    public ushort MaxPages;
    public ushort MapAlignment;
    public uint Flags2;
    public uint MaxStackDepth;
    public ushort RequestTimeout;
}
