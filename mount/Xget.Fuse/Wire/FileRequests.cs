using System.Runtime.InteropServices;

namespace Xget.Fuse;

/// <summary>struct fuse_open_in.</summary>
internal readonly record struct OpenIn(uint Flags, uint OpenFlags);

/// <summary>struct fuse_read_in, for files and directories.</summary>
[StructLayout(LayoutKind.Sequential, Size = 40)]
internal readonly record struct ReadIn(ulong Fh, ulong Offset, uint Size, uint ReadFlags, ulong LockOwner, uint Flags);

/// <summary>struct fuse_release_in.</summary>
internal readonly record struct ReleaseIn(ulong Fh, uint Flags, uint ReleaseFlags, ulong LockOwner);

/// <summary>struct fuse_flush_in.</summary>
internal readonly record struct FlushIn(ulong Fh, uint Unused, uint Padding, ulong LockOwner);

/// <summary>struct fuse_fsync_in.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal readonly record struct FsyncIn(ulong Fh, uint FsyncFlags)
{
    /// <summary>FUSE_FSYNC_FDATASYNC.</summary>
    public const uint DataOnly = 1;
}

/// <summary>struct fuse_lseek_in.</summary>
[StructLayout(LayoutKind.Sequential, Size = 24)]
internal readonly record struct LseekIn(ulong Fh, ulong Offset, uint Whence);
