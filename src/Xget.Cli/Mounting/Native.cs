using System.Runtime.InteropServices;
using System.Text;
using Mono.Unix.Native;

namespace Xget.Cli.Mounting;

/// <summary>What the mount commands ask of the kernel and .NET has no word for.</summary>
internal static unsafe partial class Native
{
    private const int MaxAttribute = 64 << 10; // XATTR_SIZE_MAX
    private const uint CloseOnExec = 4; // CLOSE_RANGE_CLOEXEC
    private const int StandardDescriptors = 3;

    /// <summary>A session of its own, without a terminal; no harm if it has one already.</summary>
    internal static void LeaveTerminal() => _ = SetSid();

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

    [LibraryImport("libc", EntryPoint = "close_range", SetLastError = true)]
    private static partial int CloseRange(uint first, uint last, uint flags);

    [LibraryImport("libc", EntryPoint = "mount", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int MountNative(string source, string target, string type, nuint flags, string? data);

    [LibraryImport("libc", EntryPoint = "lgetxattr", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial nint GetAttribute(string path, string name, byte* value, nuint size);
}
