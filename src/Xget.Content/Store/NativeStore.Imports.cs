using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Xget.Content.Store;

/// <summary>The C library's own signatures; the other part of this class turns them into errors as values.</summary>
internal static partial class NativeStore
{
    private const string Libc = "libc";

    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }

    [LibraryImport(Libc)]
    private static unsafe partial uint geteuid();

    [LibraryImport(Libc)]
    private static unsafe partial uint umask(uint mask);

    [LibraryImport(Libc)]
    private static unsafe partial int getpid();

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int open(byte* path, int flags, uint mode);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int openat(SafeFileHandle directory, byte* name, int flags, uint mode);

    [LibraryImport(Libc, EntryPoint = "syscall", SetLastError = true)]
    private static unsafe partial nint openat2(nint number, SafeFileHandle directory, byte* path, OpenHow* how, nint size);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int close(nint file);

    [LibraryImport(Libc, EntryPoint = "statx", SetLastError = true)]
    private static unsafe partial int statx(SafeFileHandle directory, byte* name, int flags, uint mask, out FileStatus status);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int mkdir(byte* path, uint mode);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int mkdirat(SafeFileHandle directory, byte* name, uint mode);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int mknodat(SafeFileHandle directory, byte* name, uint mode, ulong device);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int symlinkat(byte* target, SafeFileHandle directory, byte* name);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial nint readlinkat(SafeFileHandle directory, byte* name, byte* target, nint size);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int linkat(
        SafeFileHandle fromDirectory, byte* from, SafeFileHandle toDirectory, byte* to, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int renameat2(
        SafeFileHandle fromDirectory, byte* from, SafeFileHandle toDirectory, byte* to, uint flags);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int renameat(
        SafeFileHandle fromDirectory, byte* from, SafeFileHandle toDirectory, byte* to);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int unlinkat(SafeFileHandle directory, byte* name, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int flock(SafeFileHandle file, int operation);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial long lseek(SafeFileHandle file, long offset, int whence);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial nint pread(SafeFileHandle file, byte* bytes, nint count, long offset);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial nint pwrite(SafeFileHandle file, byte* bytes, nint count, long offset);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int ftruncate(SafeFileHandle file, long length);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int fallocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial nint copy_file_range(
        SafeFileHandle from, long* fromOffset, SafeFileHandle to, long* toOffset, nint count, uint flags);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int fchown(SafeFileHandle file, uint uid, uint gid);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int fchownat(SafeFileHandle directory, byte* name, uint uid, uint gid, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int fchmod(SafeFileHandle file, uint mode);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int fchmodat(SafeFileHandle directory, byte* name, uint mode, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int futimens(SafeFileHandle file, TimeSpec* times);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int utimensat(SafeFileHandle directory, byte* name, TimeSpec* times, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial nint flistxattr(SafeFileHandle file, byte* names, nint size);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial nint llistxattr(byte* path, byte* names, nint size);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial nint fgetxattr(SafeFileHandle file, byte* name, byte* value, nint size);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial nint lgetxattr(byte* path, byte* name, byte* value, nint size);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int fsetxattr(SafeFileHandle file, byte* name, byte* value, nint size, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int lsetxattr(byte* path, byte* name, byte* value, nint size, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int fremovexattr(SafeFileHandle file, byte* name);

    [LibraryImport(Libc, SetLastError = true)]
    private static unsafe partial int lremovexattr(byte* path, byte* name);
}
