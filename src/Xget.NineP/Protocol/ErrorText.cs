using System.Text;
using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>
/// Errors as the plain dialects' words. Those for ENOENT and EACCES are Plan 9's, which the 2009 tool's clients know;
/// Linux's client knows both those and the usual ones (net/9p/error.c).
/// </summary>
internal static class ErrorText
{
    private static readonly (Errno Error, byte[] Text)[] Texts =
    [
        (Errno.ENOENT, "file not found"u8.ToArray()),
        (Errno.EACCES, "permission denied"u8.ToArray()),
        (Errno.EPERM, "Operation not permitted"u8.ToArray()),
        (Errno.EINTR, "Interrupted system call"u8.ToArray()),
        (Errno.EIO, "Input/output error"u8.ToArray()),
        (Errno.E2BIG, "Argument list too long"u8.ToArray()),
        (Errno.EBADF, "Bad file descriptor"u8.ToArray()),
        (Errno.EAGAIN, "Resource temporarily unavailable"u8.ToArray()),
        (Errno.EBUSY, "Device or resource busy"u8.ToArray()),
        (Errno.EEXIST, "File exists"u8.ToArray()),
        (Errno.ENOTDIR, "Not a directory"u8.ToArray()),
        (Errno.EISDIR, "Is a directory"u8.ToArray()),
        (Errno.EINVAL, "Invalid argument"u8.ToArray()),
        (Errno.EMFILE, "Too many open files"u8.ToArray()),
        (Errno.EFBIG, "File too large"u8.ToArray()),
        (Errno.ENOSPC, "No space left on device"u8.ToArray()),
        (Errno.EROFS, "Read-only file system"u8.ToArray()),
        (Errno.ENAMETOOLONG, "File name too long"u8.ToArray()),
        (Errno.ENOSYS, "Function not implemented"u8.ToArray()),
        (Errno.ELOOP, "Too many levels of symbolic links"u8.ToArray()),
        (Errno.ENODATA, "No data available"u8.ToArray()),
        (Errno.EPROTO, "Protocol error"u8.ToArray()),
        (Errno.EMSGSIZE, "Message too long"u8.ToArray()),
        (Errno.EOPNOTSUPP, "Operation not supported"u8.ToArray()),
        (Errno.ETIMEDOUT, "Connection timed out"u8.ToArray()),
        (Errno.ESTALE, "Stale file handle"u8.ToArray()),
        (Errno.ENOENT, "No such file or directory"u8.ToArray()),
        (Errno.EACCES, "Permission denied"u8.ToArray()),
    ];

    /// <summary>The words for an error.</summary>
    public static ReadOnlySpan<byte> Of(Errno error)
    {
        foreach ((Errno known, byte[] text) in Texts)
        {
            if (known == error)
            {
                return text;
            }
        }

        return Encoding.ASCII.GetBytes($"error {(int)error}");
    }

    /// <summary>The error for a server's words; EIO for words that nobody knows.</summary>
    public static Errno Parse(ReadOnlySpan<byte> text)
    {
        foreach ((Errno known, byte[] words) in Texts)
        {
            if (text.SequenceEqual(words))
            {
                return known;
            }
        }

        ReadOnlySpan<byte> prefix = "error "u8;
        return text.StartsWith(prefix) && int.TryParse(text[prefix.Length..], out int number)
            ? Checked((uint)number)
            : Errno.EIO;
    }

    /// <summary>A number from the wire as an error; EIO when it cannot be one.</summary>
    public static Errno Checked(uint number) => number is > 0 and < 4096 ? (Errno)number : Errno.EIO;
}
