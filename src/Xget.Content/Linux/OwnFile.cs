using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Content.Linux;

/// <summary>
/// Opens files that the program writes under a name that its user gave, such as logs, but none that another user may have put
/// there: root would write into any file of the machine. Thread-safe.
/// </summary>
public static partial class OwnFile
{
    private const uint Mode = 0x1A0; // 0640
    private const int WriteOnly = 1;
    private const int NoTerminal = 0x100;
    private const int Append = 0x400;
    private const uint Root = 0;

    /// <summary>Opens the file for appending, or makes it, readable by user and group.</summary>
    /// <param name="path">Its name, of which the last part must not be a symbolic link.</param>
    /// <param name="file">The open file; closed when it was refused.</param>
    /// <returns>Null, or why it was refused, in words for people.</returns>
    public static string? OpenToAppend(string path, out SafeFileHandle file)
    {
        byte[] name = [.. Encoding.UTF8.GetBytes(path), 0];
        // Not blocking: the opening of a fifo that nobody reads would never end.
        int flags = WriteOnly | Append | Libc.Create | Libc.NoFollow | Libc.NonBlocking | NoTerminal;
        Errno error = FileCalls.Open(name, flags, out file, Mode);
        RawStatus status = default;
        if (error == 0)
            error = FileCalls.Status(file, out status);
        string? reason = error switch
        {
            0 => status.Type == EntryType.Character && IsOurs(status) ? null : WhyNotOurs(status), // /dev/null, a terminal
            Errno.ELOOP => "is a symbolic link, which is not followed here",
            Errno.ENXIO => "is not a regular file",
            _ => Words.Of(error),
        };
        if (reason is not null)
            file.Dispose();
        return reason;
    }

    /// <summary>Why a file is not one that this process may write to under a given name; null if it is.</summary>
    internal static string? WhyNotOurs(in RawStatus status) =>
        status.Type != EntryType.Regular ? "is not a regular file"
        : !IsOurs(status) ? "belongs to another user"
        : status.LinkCount > 1 ? "has a second name (a hard link), which may be another user's work"
        : null;

    /// <summary>Whether nobody but this process's user and root can change what it is.</summary>
    internal static bool IsOurs(in RawStatus status) => status.Uid == Root || status.Uid == EffectiveUser();

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();
}
