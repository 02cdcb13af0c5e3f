using System.Runtime.InteropServices;

namespace Xget.Fuse;

/// <summary>A request without fixed fields.</summary>
internal readonly record struct Nothing;

/// <summary>struct fuse_getattr_in.</summary>
internal readonly record struct GetAttrIn(uint GetAttrFlags, uint Dummy, ulong Fh)
{
    /// <summary>FUSE_GETATTR_FH: the file handle is there.</summary>
    public const uint HasFh = 1;
}

/// <summary>struct fuse_statx_in.</summary>
internal readonly record struct StatxIn(uint GetAttrFlags, uint Reserved, ulong Fh, uint SxFlags, uint SxMask);

/// <summary>struct fuse_getxattr_in, for both values and lists.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly record struct GetXattrIn(uint Size);

/// <summary>struct fuse_access_in.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly record struct AccessIn(uint Mask);

/// <summary>struct fuse_interrupt_in.</summary>
internal readonly record struct InterruptIn(ulong Unique);
