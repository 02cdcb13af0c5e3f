using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Xget.Content.Linux;

/// <summary>
/// The system calls of this room, as Linux has them on x86-64 and arm64. Failure is -1, with errno kept.
/// </summary>
internal static unsafe partial class Libc
{
    public const int AtFdCwd = -100;
    public const int AtSymlinkNoFollow = 0x100;
    public const int AtEmptyPath = 0x1000;
    public const int SeekData = 3;
    public const int LockExclusive = 2;
    public const int LockNonBlocking = 4;
    public const int Unlock = 8;

    public const int ReadOnly = 0;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int NonBlocking = 0x800;
    public const int NoAtime = 0x40000;
    public const int CloseOnExec = 0x80000;
    public const int PathOnly = 0x200000;

    private const long Openat2Number = 437;

    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
    private static readonly long Getdents64Number = IsArm ? 61 : 217;

    /// <summary>O_DIRECTORY, which differs between the two.</summary>
    public static int Directory => IsArm ? 0x4000 : 0x10000;

    /// <summary>O_NOFOLLOW, which differs between the two.</summary>
    public static int NoFollow => IsArm ? 0x8000 : 0x20000;

    /// <summary>struct open_how of openat2(2).</summary>
    public struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }

    public static long Openat2(SafeFileHandle directory, byte* path, OpenHow* how) =>
        Syscall(Openat2Number, directory, path, how, (nuint)sizeof(OpenHow));

    public static long Getdents64(SafeFileHandle directory, byte* buffer, int size) =>
        Syscall(Getdents64Number, directory, buffer, size);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
    public static partial int Open(byte* path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    public static partial int Openat(SafeFileHandle directory, byte* path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    public static partial int Statx(SafeFileHandle directory, byte* path, int flags, uint mask, RawStatus* status);

    /// <summary>The first word of struct statfs is the type.</summary>
    [LibraryImport("libc", EntryPoint = "fstatfs", SetLastError = true)]
    public static partial int Fstatfs(SafeFileHandle file, long* statfs);

    [LibraryImport("libc", EntryPoint = "readlink", SetLastError = true)]
    public static partial nint Readlink(byte* path, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "readlinkat", SetLastError = true)]
    public static partial nint Readlinkat(SafeFileHandle directory, byte* path, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    public static partial nint Pread(SafeFileHandle file, byte* buffer, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    public static partial long Lseek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Flock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "flistxattr", SetLastError = true)]
    public static partial nint Flistxattr(SafeFileHandle file, byte* list, nuint size);

    [LibraryImport("libc", EntryPoint = "fgetxattr", SetLastError = true)]
    public static partial nint Fgetxattr(SafeFileHandle file, byte* name, byte* value, nuint size);

    [LibraryImport("libc", EntryPoint = "llistxattr", SetLastError = true)]
    public static partial nint Llistxattr(byte* path, byte* list, nuint size);

    [LibraryImport("libc", EntryPoint = "lgetxattr", SetLastError = true)]
    public static partial nint Lgetxattr(byte* path, byte* name, byte* value, nuint size);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Syscall(long number, SafeFileHandle directory, byte* path, OpenHow* how, nuint size);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Syscall(long number, SafeFileHandle directory, byte* buffer, nint size);
}
