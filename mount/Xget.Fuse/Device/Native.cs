using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Fuse;

/// <summary>The system calls that are needed; each gives an errno instead of throwing.</summary>
internal static partial class Native
{
    private const int OpenReadWrite = 2;
    private const int OpenCloseOnExec = 0x80000;

    [StructLayout(LayoutKind.Sequential)]
    private struct IoVector
    {
        public nint Base;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Wanted;
        public short Found;
    }

    /// <summary>Bytes read, or -1 and why.</summary>
    public static int Read(SafeHandle file, Span<byte> buffer, out Errno error) =>
        (int)Checked(ReadNative(file, buffer, (nuint)buffer.Length), out error);

    /// <summary>Bytes read, or -1 and why.</summary>
    public static int ReadAt(SafeHandle file, Span<byte> buffer, long offset, out Errno error) =>
        (int)Checked(PreadNative(file, buffer, (nuint)buffer.Length, offset), out error);

    /// <summary>Writes both parts as one.</summary>
    public static unsafe Errno Write(SafeHandle file, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        Errno error;
        fixed (byte* first = head, second = body)
        {
            IoVector* parts = stackalloc IoVector[]
            {
                new IoVector { Base = (nint)first, Length = (nuint)head.Length },
                new IoVector { Base = (nint)second, Length = (nuint)body.Length },
            };
            Checked(WritevNative(file, parts, body.IsEmpty ? 1 : 2), out error);
        }

        return error;
    }

    /// <summary>Opens /dev/fuse.</summary>
    public static FuseResult<SafeFileHandle> OpenDevice()
    {
        int descriptor = (int)Checked(OpenNative("/dev/fuse"u8, OpenReadWrite | OpenCloseOnExec), out Errno error);
        return error != 0 ? error : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>An ioctl(2) with any argument.</summary>
    public static int Ioctl<T>(SafeHandle file, uint request, ref T argument, out Errno error) where T : unmanaged =>
        (int)Checked(IoctlNative(file, request, ref MemoryMarshal.GetReference(
            MemoryMarshal.AsBytes(new Span<T>(ref argument)))), out error);

    /// <summary>The path without links and dots.</summary>
    public static unsafe FuseResult<string> RealPath(string path)
    {
        const int LongestPath = 4096;
        byte* real = stackalloc byte[LongestPath];
        return RealPathNative(path, real) is null
            ? (Errno)Marshal.GetLastPInvokeError()
            : Marshal.PtrToStringUTF8((nint)real)!;
    }

    public static Errno Mount(string source, string target, string type, ulong flags, string data)
    {
        Checked(MountNative(source, target, type, (nuint)flags, data), out Errno error);
        return error;
    }

    public static Errno Unmount(string target, int flags)
    {
        Checked(UmountNative(target, flags), out Errno error);
        return error;
    }

    /// <summary>Whether poll(2) finds the descriptor in error.</summary>
    public static unsafe bool IsInError(SafeHandle file)
    {
        const short InError = 8;
        bool held = false;
        try
        {
            file.DangerousAddRef(ref held);
            PollEntry entry = new() { Descriptor = (int)file.DangerousGetHandle() };
            return PollNative(&entry, 1, 0) > 0 && (entry.Found & InError) != 0;
        }
        finally
        {
            if (held)
            {
                file.DangerousRelease();
            }
        }
    }

    private static nint Checked(nint result, out Errno error)
    {
        error = result < 0 ? (Errno)Marshal.GetLastPInvokeError() : 0;
        return result;
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "getegid")]
    public static partial uint EffectiveGroup();

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint ReadNative(SafeHandle file, Span<byte> buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "pread64", SetLastError = true)]
    private static partial nint PreadNative(SafeHandle file, Span<byte> buffer, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "writev", SetLastError = true)]
    private static unsafe partial nint WritevNative(SafeHandle file, IoVector* parts, int count);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
    private static partial int OpenNative(ReadOnlySpan<byte> path, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static unsafe partial int PollNative(PollEntry* entries, nuint count, int timeout);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int IoctlNative(SafeHandle file, nuint request, ref byte argument);

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MountNative(string source, string target, string type, nuint flags, string data);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UmountNative(string target, int flags);

    [LibraryImport("libc", EntryPoint = "realpath", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial byte* RealPathNative(string path, byte* real);
}
