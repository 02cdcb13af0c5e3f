using System.Runtime.InteropServices;

namespace Xget.Fuse;

/// <summary>struct fuse_backing_map, the argument of FUSE_DEV_IOC_BACKING_OPEN.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal readonly record struct BackingMap(int Fd, uint Flags);
