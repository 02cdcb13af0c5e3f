using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Xget.Fuse;

/// <summary>
/// Ends a connection from the side of its file system although it is in use: the `abort` file of fusectl
/// (Documentation/filesystems/fuse.rst). Where that is not mounted, root gets it without showing it to anybody.
/// </summary>
internal static partial class ConnectionControl
{
    private const int Fsopen = 430; // The same on all architectures.
    private const int Fsconfig = 431;
    private const int Fsmount = 432;
    private const int CloseOnExec = 1; // FSOPEN_CLOEXEC, FSMOUNT_CLOEXEC
    private const int CommandCreate = 6;

    /// <summary>Ends the connection of the file system with that number; false if that is not possible.</summary>
    /// <param name="device">As `0:42`.</param>
    public static bool TryAbort(string device)
    {
        string number = device[(device.IndexOf(':', StringComparison.Ordinal) + 1)..];
        return TryWrite($"/sys/fs/fuse/connections/{number}/abort") || TryAbortUnseen(number);
    }

    private static bool TryAbortUnseen(string number)
    {
        using SafeFileHandle context = Handle(Syscall(Fsopen, "fusectl", CloseOnExec));
        if (context.IsInvalid || Syscall(Fsconfig, context, CommandCreate, 0, 0, 0) < 0)
        {
            return false;
        }

        using SafeFileHandle control = Handle(Syscall(Fsmount, context, CloseOnExec, 0));
        return !control.IsInvalid && TryWrite($"/proc/self/fd/{control.DangerousGetHandle()}/{number}/abort");
    }

    private static SafeFileHandle Handle(nint descriptor) => new(descriptor, ownsHandle: true);

    private static bool TryWrite(string path)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Write);
            file.WriteByte((byte)'1');
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "syscall", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Syscall(nint number, string name, nint flags);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint Syscall(nint number, SafeHandle context, nint command, nint key, nint value, nint aux);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint Syscall(nint number, SafeHandle context, nint flags, nint attributes);
}
