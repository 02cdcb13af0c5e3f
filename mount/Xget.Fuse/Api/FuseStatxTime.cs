using System.Runtime.InteropServices;

namespace Xget.Fuse;

/// <summary>A point in time (struct fuse_sx_time, 16 bytes).</summary>
/// <param name="Seconds">Since 1970, negative before it.</param>
/// <param name="Nanoseconds">Below 1e9.</param>
[StructLayout(LayoutKind.Sequential, Size = 16)]
public readonly record struct FuseStatxTime(long Seconds, uint Nanoseconds);
