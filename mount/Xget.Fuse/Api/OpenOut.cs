using System.Runtime.InteropServices;

namespace Xget.Fuse;

/// <summary>The answer to an open (struct fuse_open_out, 16 bytes).</summary>
/// <param name="Fh">Any number: it comes back with each request on the open file.</param>
/// <param name="Flags">How the kernel treats the open file.</param>
/// <param name="BackingId">With <see cref="FuseOpenFlags.Passthrough"/> what
/// <see cref="FuseConnection.BackingOpen"/> gave, else 0.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct OpenOut(ulong Fh, FuseOpenFlags Flags = FuseOpenFlags.None, int BackingId = 0);
