using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <summary>What a cache needs beside what a destination does: room on the disk, locks that many can have.</summary>
internal static unsafe partial class NativeStore
{
    /// <summary>Takes a shared lock, or EWOULDBLOCK if somebody has the exclusive one.</summary>
    public static Errno TryLockAsOneOfMany(SafeFileHandle file) => Locked(flock(file, LockShared | LockNonBlocking));

    /// <summary>Bytes of the file system in all, and those that this process may still use.</summary>
    public static Errno Space(SafeFileHandle file, out ulong size, out ulong free)
    {
        Errno error = Result(fstatfs(file, out FileSystemStatus status));
        size = status.Blocks * status.BlockSize;
        free = status.Available * status.BlockSize;
        return error;
    }

    /// <summary>struct statfs of linux's 64-bit architectures (asm-generic/statfs.h).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 120)]
    private struct FileSystemStatus
    {
        [FieldOffset(8)] public ulong BlockSize;
        [FieldOffset(16)] public ulong Blocks;
        [FieldOffset(32)] public ulong Available;
    }

    [LibraryImport(Libc, SetLastError = true)]
    private static partial int fstatfs(SafeFileHandle file, out FileSystemStatus status);
}
