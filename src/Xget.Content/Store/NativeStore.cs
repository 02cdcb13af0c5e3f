using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <summary>
/// The system calls of the store, with errors as values. Every name and path is bytes that end with a NUL.
/// </summary>
internal static unsafe partial class NativeStore
{
    public const int ReadOnly = 0, ReadWrite = 2, Create = 0x40, Exclusive = 0x80, NonBlocking = 0x800, PathOnly = 0x200000;
    private const int CloseOnExec = 0x80000;
    private const int NoFollowAt = 0x100, RemoveDirectoryAt = 0x200, EmptyPathAt = 0x1000;
    private const uint AllBasicStatus = 0x7FF;
    private const nint OpenAt2Number = 437;
    private const ulong NoMagicLinks = 2, NoSymlinks = 4, Beneath = 8;

    // Two of open's flags have other numbers on Arm.
    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;

    public static readonly int DirectoryOnly = IsArm ? 0x4000 : 0x10000;
    public static readonly int NoFollow = IsArm ? 0x8000 : 0x20000;

    private static volatile bool s_canOpenBeneath = true;

    /// <summary>False once openat2 was found missing (Linux before 5.6) or refused by a sandbox.</summary>
    public static bool CanOpenBeneath
    {
        get => s_canOpenBeneath;
        set => s_canOpenBeneath = value;
    }

    public static uint EffectiveUser => geteuid();

    public static int ProcessId => getpid();

    /// <summary>The process's umask, which can only be read by setting it.</summary>
    public static uint Umask()
    {
        uint mask = umask(0x3F);
        _ = umask(mask);
        return mask;
    }

    /// <summary>Opens an absolute path or one relative to the working directory, following symlinks.</summary>
    public static Errno OpenDirectory(ReadOnlySpan<byte> path, out SafeFileHandle? directory)
    {
        fixed (byte* p = path)
            return Opened(open(p, ReadOnly | DirectoryOnly | CloseOnExec, 0), out directory);
    }

    /// <summary>Opens one name in a directory; a symlink is not followed.</summary>
    public static Errno Open(SafeFileHandle directory, ReadOnlySpan<byte> name, int flags, uint mode, out SafeFileHandle? file)
    {
        fixed (byte* n = name)
        {
            int result;
            do
                result = openat(directory, n, flags | NoFollow | CloseOnExec, mode);
            while (result < 0 && Last() == Errno.EINTR);
            return Opened(result, out file);
        }
    }

    /// <summary>
    /// Opens what is several names below a directory; no symlink is followed. Where openat2 is missing, only the last
    /// name is safe: look at <see cref="CanOpenBeneath"/> afterwards.
    /// </summary>
    public static Errno OpenBeneath(
        SafeFileHandle directory, ReadOnlySpan<byte> path, int flags, out SafeFileHandle? found)
    {
        if (CanOpenBeneath)
        {
            OpenHow how = new()
            {
                Flags = (ulong)(uint)(flags | CloseOnExec),
                Resolve = Beneath | NoSymlinks | NoMagicLinks,
            };
            Errno error;
            fixed (byte* p = path)
                error = Opened((int)openat2(OpenAt2Number, directory, p, &how, sizeof(OpenHow)), out found);
            if (error is not (Errno.ENOSYS or Errno.EPERM))
                return error;
            CanOpenBeneath = false;
        }
        return Open(directory, path, flags, 0, out found);
    }

    /// <summary>Closes and tells of a write that failed late, as network file systems do.</summary>
    public static Errno Close(SafeFileHandle file)
    {
        nint number = file.DangerousGetHandle();
        file.SetHandleAsInvalid();
        return Result(close(number));
    }

    public static Errno Status(SafeFileHandle file, out FileStatus status)
    {
        byte empty = 0;
        return Result(statx(file, &empty, EmptyPathAt, AllBasicStatus, out status));
    }

    public static Errno Status(SafeFileHandle directory, ReadOnlySpan<byte> name, out FileStatus status)
    {
        fixed (byte* n = name)
            return Result(statx(directory, n, NoFollowAt, AllBasicStatus, out status));
    }

    public static Errno MakeDirectory(ReadOnlySpan<byte> path, uint mode)
    {
        fixed (byte* p = path)
            return Result(mkdir(p, mode));
    }

    public static Errno MakeDirectory(SafeFileHandle directory, ReadOnlySpan<byte> name, uint mode)
    {
        fixed (byte* n = name)
            return Result(mkdirat(directory, n, mode));
    }

    public static Errno MakeNode(SafeFileHandle directory, ReadOnlySpan<byte> name, uint mode, uint major, uint minor)
    {
        // The C library's makedev(3): 20 bits of minor number around 12 of major, the rest above.
        ulong device = (minor & 0xFFul) | ((major & 0xFFFul) << 8) | ((minor & ~0xFFul) << 12) | ((major & ~0xFFFul) << 32);
        fixed (byte* n = name)
            return Result(mknodat(directory, n, mode, device));
    }

    public static Errno MakeSymlink(ReadOnlySpan<byte> target, SafeFileHandle directory, ReadOnlySpan<byte> name)
    {
        fixed (byte* t = target, n = name)
            return Result(symlinkat(t, directory, n));
    }

    /// <summary>
    /// The target's length may exceed <paramref name="target"/>'s by being equal to it: leave a spare byte.
    /// </summary>
    public static Errno ReadSymlink(SafeFileHandle directory, ReadOnlySpan<byte> name, Span<byte> target, out int length)
    {
        fixed (byte* n = name, t = target)
            return Length(readlinkat(directory, n, t, target.Length), out length);
    }

    /// <summary>A second name for a file; a symlink is linked itself, not followed.</summary>
    public static Errno MakeLink(
        SafeFileHandle fromDirectory, ReadOnlySpan<byte> from, SafeFileHandle toDirectory, ReadOnlySpan<byte> to)
    {
        fixed (byte* f = from, t = to)
            return Result(linkat(fromDirectory, f, toDirectory, t, 0));
    }

    public static Errno Rename(
        SafeFileHandle fromDirectory, ReadOnlySpan<byte> from, SafeFileHandle toDirectory, ReadOnlySpan<byte> to)
    {
        fixed (byte* f = from, t = to)
            return Result(renameat(fromDirectory, f, toDirectory, t));
    }

    /// <summary>
    /// Renames to a name that nothing has: EEXIST if something has it. EINVAL or ENOSYS where the file system or the kernel
    /// cannot do that.
    /// </summary>
    public static Errno RenameNew(
        SafeFileHandle fromDirectory, ReadOnlySpan<byte> from, SafeFileHandle toDirectory, ReadOnlySpan<byte> to)
    {
        const uint NoReplace = 1;
        fixed (byte* f = from, t = to)
            return Result(renameat2(fromDirectory, f, toDirectory, t, NoReplace));
    }

    public static Errno Unlink(SafeFileHandle directory, ReadOnlySpan<byte> name)
    {
        fixed (byte* n = name)
            return Result(unlinkat(directory, n, 0));
    }

    public static Errno RemoveDirectory(SafeFileHandle directory, ReadOnlySpan<byte> name)
    {
        fixed (byte* n = name)
            return Result(unlinkat(directory, n, RemoveDirectoryAt));
    }

    public static Errno Chown(SafeFileHandle file, uint uid, uint gid) => Result(fchown(file, uid, gid));

    public static Errno Chown(SafeFileHandle directory, ReadOnlySpan<byte> name, uint uid, uint gid)
    {
        fixed (byte* n = name)
            return Result(fchownat(directory, n, uid, gid, NoFollowAt));
    }

    public static Errno Chmod(SafeFileHandle file, uint mode) => Result(fchmod(file, mode));

    /// <summary>Follows a symlink: only for names that cannot be one.</summary>
    public static Errno Chmod(SafeFileHandle directory, ReadOnlySpan<byte> name, uint mode)
    {
        fixed (byte* n = name)
            return Result(fchmodat(directory, n, mode, 0));
    }

    public static Errno SetModified(SafeFileHandle file, Timestamp time)
    {
        TimeSpec* times = stackalloc TimeSpec[2];
        Fill(times, time);
        return Result(futimens(file, times));
    }

    public static Errno SetModified(SafeFileHandle directory, ReadOnlySpan<byte> name, Timestamp time)
    {
        TimeSpec* times = stackalloc TimeSpec[2];
        Fill(times, time);
        fixed (byte* n = name)
            return Result(utimensat(directory, n, times, NoFollowAt));
    }

    private static void Fill(TimeSpec* times, Timestamp modified)
    {
        const nint Omit = (1 << 30) - 2;
        times[0] = new TimeSpec { Nanoseconds = Omit };
        times[1] = new TimeSpec { Seconds = (nint)modified.Seconds, Nanoseconds = (nint)modified.Nanoseconds };
    }

    private static Errno Opened(int result, out SafeFileHandle? file)
    {
        file = result < 0 ? null : new SafeFileHandle(result, ownsHandle: true);
        return result < 0 ? Last() : 0;
    }

    private static Errno Length(nint result, out int length)
    {
        length = (int)Math.Max(result, 0);
        return result < 0 ? Last() : 0;
    }

    private static Errno Result(int result) => result < 0 ? Last() : 0;

    private static Errno Last() => (Errno)Marshal.GetLastPInvokeError();
}
