using System.Runtime.InteropServices;

namespace Xget.Fuse;

/// <summary>struct fuse_forget_in.</summary>
internal readonly record struct ForgetIn(ulong Nlookup);

/// <summary>struct fuse_forget_one.</summary>
internal readonly record struct ForgetOne(ulong NodeId, ulong Nlookup);

/// <summary>struct fuse_batch_forget_in, followed by that many <see cref="ForgetOne"/>.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly record struct BatchForgetIn(uint Count);
