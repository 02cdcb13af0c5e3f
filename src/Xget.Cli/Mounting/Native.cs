using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Cli.Mounting;

/// <summary>What the mount commands ask of the kernel and .NET has no word for.</summary>
internal static unsafe partial class Native
{
    private const int MaxAttribute = 64 << 10; // XATTR_SIZE_MAX
    private const uint CloseOnExec = 4; // CLOSE_RANGE_CLOEXEC
    private const int StandardDescriptors = 3;
    private const int Error = 2;

    /// <summary>A session of its own, without a terminal; no harm if it has one already.</summary>
    internal static void LeaveTerminal() => _ = SetSid();

    /// <summary>stdin, stdout and stderr lead nowhere from now on.</summary>
    internal static void SilenceStandardStreams()
    {
        using SafeFileHandle nowhere = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        for (int i = 0; i < StandardDescriptors; i++)
            _ = Dup2(nowhere, i);
    }

    /// <summary>Writes to stderr; what it does not take is lost.</summary>
    internal static void WriteError(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            nint written;
            fixed (byte* first = bytes)
                written = Write(Error, first, (nuint)bytes.Length);
            if (written <= 0)
                return;
            bytes = bytes[(int)written..];
        }
    }

    /// <summary>A program started from now on has the three standard streams of what this one inherited, and no more.</summary>
    internal static void KeepInheritedDescriptors() => _ = CloseRange(StandardDescriptors, uint.MaxValue, CloseOnExec);

    /// <summary>mount(2) with MS_REMOUNT and the like.</summary>
    internal static Errno Remount(string source, string target, string type, ulong flags) =>
        MountNative(source, target, type, (nuint)flags, null) == 0 ? 0 : (Errno)Marshal.GetLastPInvokeError();

    /// <summary>An extended attribute as text; ENODATA when there is none.</summary>
    internal static Errno ReadAttribute(string path, string name, out string value)
    {
        byte[] bytes = new byte[MaxAttribute];
        nint length;
        fixed (byte* first = bytes)
            length = GetAttribute(path, name, first, (nuint)bytes.Length);
        value = length < 0 ? "" : Encoding.UTF8.GetString(bytes, 0, (int)length);
        return length < 0 ? (Errno)Marshal.GetLastPInvokeError() : 0;
    }

    [LibraryImport("libc", EntryPoint = "setsid", SetLastError = true)]
    private static partial int SetSid();

    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    private static partial int Dup2(SafeFileHandle from, int to);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int to, byte* bytes, nuint length);

    [LibraryImport("libc", EntryPoint = "close_range", SetLastError = true)]
    private static partial int CloseRange(uint first, uint last, uint flags);

    [LibraryImport("libc", EntryPoint = "mount", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int MountNative(string source, string target, string type, nuint flags, string? data);

    [LibraryImport("libc", EntryPoint = "lgetxattr", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial nint GetAttribute(string path, string name, byte* value, nuint size);
}
