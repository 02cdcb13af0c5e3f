using Mono.Unix.Native;

namespace Xget.Content.Linux;

/// <summary>What an errno means to people, in a few words.</summary>
public static class Words
{
    /// <summary>
    /// What an exception of the framework's file calls means. Its own message is for programmers: the native binary has the
    /// messages' names only.
    /// </summary>
    public static string Of(Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => Of(Errno.ENOENT),
        UnauthorizedAccessException => Of(Errno.EACCES),
        PathTooLongException => Of(Errno.ENAMETOOLONG),
        // The framework keeps the errno there; its own codes are negative.
        IOException { HResult: > 0 and < LastErrno } => Of((Errno)e.HResult),
        IOException => Of(Errno.EIO),
        _ => e.Message,
    };

    private const int LastErrno = 4096;

    /// <summary>The words of the errnos that users meet; the others by their name.</summary>
    public static string Of(Errno error) => error switch
    {
        Errno.ENOSPC => "no space left on device",
        Errno.EDQUOT => "disk quota exceeded",
        Errno.EACCES => "permission denied",
        Errno.EPERM => "operation not permitted",
        Errno.ENOENT => "no such file or directory",
        Errno.ENOTDIR => "not a directory",
        Errno.EISDIR => "is a directory",
        Errno.EROFS => "read-only file system",
        Errno.EIO => "input/output error",
        Errno.ESTALE => "changed on the master",
        Errno.ENOTEMPTY => "directory not empty",
        Errno.EMFILE or Errno.ENFILE => "too many open files",
        Errno.EAGAIN => "in use by another process",
        Errno.ELOOP => "a symbolic link stands in the way",
        Errno.ECONNRESET => "connection lost",
        Errno.ETIMEDOUT => "no answer in time",
        Errno.EFBIG => "file too large",
        Errno.ESPIPE => "is not a file but a stream",
        Errno.ENAMETOOLONG => "file name too long",
        _ => error.ToString(),
    };
}
