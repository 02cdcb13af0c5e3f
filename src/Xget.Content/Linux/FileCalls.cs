using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Content.Linux;

/// <summary>Calls on files and directories, with errors as values. Paths and names end with a NUL.</summary>
internal static unsafe class FileCalls
{
    public static Errno LastError => (Errno)Marshal.GetLastPInvokeError();

    /// <summary>Opens a path as the administrator gave it: symlinks are followed.</summary>
    public static Errno Open(ReadOnlySpan<byte> path, int flags, out SafeFileHandle file, uint mode = 0)
    {
        fixed (byte* p = path)
            return Opened(Libc.Open(p, flags | Libc.CloseOnExec, mode), out file);
    }

    public static Errno Opened(long descriptor, out SafeFileHandle file)
    {
        var error = descriptor < 0 ? LastError : 0;
        file = new SafeFileHandle((nint)descriptor, ownsHandle: descriptor >= 0);
        return error;
    }

    /// <summary>What a name in a directory stands for, a symlink for itself.</summary>
    public static Errno Status(SafeFileHandle directory, ReadOnlySpan<byte> name, out RawStatus status) =>
        Status(directory, name, Libc.AtSymlinkNoFollow, out status);

    /// <summary>What an open descriptor stands for.</summary>
    public static Errno Status(SafeFileHandle file, out RawStatus status) =>
        Status(file, "\0"u8, Libc.AtEmptyPath, out status);

    /// <summary>The type of the file system of what is open (f_type of statfs(2)).</summary>
    public static Errno FileSystemType(SafeFileHandle file, out long type)
    {
        const int Words = 32;    // struct statfs has 15
        var buffer = stackalloc long[Words];
        var error = Libc.Fstatfs(file, buffer) < 0 ? LastError : 0;
        type = error == 0 ? buffer[0] : 0;
        return error;
    }

    /// <summary>Reads exactly as many bytes as the buffer holds; EIO if the file ends before.</summary>
    public static Errno ReadExactly(SafeFileHandle file, long offset, Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            nint count;
            fixed (byte* p = buffer)
                count = Libc.Pread(file, p, (nuint)buffer.Length, offset);
            if (count == 0)
                return Errno.EIO;
            if (count < 0 && LastError != Errno.EINTR)
                return LastError;
            if (count < 0)
                continue;
            offset += count;
            buffer = buffer[(int)count..];
        }
        return 0;
    }

    /// <summary>
    /// The first byte of data at or after <paramref name="offset"/>; <see cref="long.MaxValue"/> if only a hole is
    /// left.
    /// </summary>
    public static long NextData(SafeFileHandle file, long offset)
    {
        var data = Libc.Lseek(file, offset, Libc.SeekData);
        if (data >= 0)
            return data;
        return LastError == Errno.ENXIO ? long.MaxValue : offset;    // not supported: all of it counts as data
    }

    /// <summary>A symlink's target; EINVAL if the name is none.</summary>
    public static Errno ReadLink(SafeFileHandle directory, ReadOnlySpan<byte> name, out byte[] target)
    {
        Span<byte> buffer = stackalloc byte[EntryAttributes.MaxTargetLength + 1];
        fixed (byte* n = name)
        fixed (byte* b = buffer)
            return Target(Libc.Readlinkat(directory, n, b, (nuint)buffer.Length), buffer, out target);
    }

    /// <summary>The same for a path as the administrator gave it.</summary>
    public static Errno ReadLink(ReadOnlySpan<byte> path, out byte[] target)
    {
        Span<byte> buffer = stackalloc byte[EntryAttributes.MaxTargetLength + 1];
        fixed (byte* p = path)
        fixed (byte* b = buffer)
            return Target(Libc.Readlink(p, b, (nuint)buffer.Length), buffer, out target);
    }

    private static Errno Target(nint count, ReadOnlySpan<byte> buffer, out byte[] target)
    {
        target = [];
        if (count < 0)
            return LastError;
        target = buffer[..(int)count].ToArray();
        return 0;
    }

    private static Errno Status(SafeFileHandle directory, ReadOnlySpan<byte> name, int flags, out RawStatus status)
    {
        fixed (byte* n = name)
        fixed (RawStatus* s = &status)
            return Libc.Statx(directory, n, flags, RawStatus.BasicMask, s) < 0 ? LastError : 0;
    }
}
