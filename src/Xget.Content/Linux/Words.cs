using System.Net.Sockets;
using System.Runtime.InteropServices;
using Mono.Unix.Native;

namespace Xget.Content.Linux;

/// <summary>What an errno means to people, in a few words.</summary>
public static class Words
{
    /// <summary>
    /// What an exception of the framework means. Its own message is for programmers: the native binary has the messages' names only.
    /// </summary>
    public static string Of(Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => Of(Errno.ENOENT),
        UnauthorizedAccessException => Of(Errno.EACCES),
        PathTooLongException => Of(Errno.ENAMETOOLONG),
        // The framework keeps the errno there; its own codes are negative.
        IOException { HResult: > 0 and < LastErrno } => Of((Errno)e.HResult),
        IOException => Of(Errno.EIO),
        SocketException socket => Of(socket),
        OutOfMemoryException => Of(Errno.ENOMEM),
        _ => "a fault in the program itself; please report it",
    };

    private static string Of(SocketException e) => e.SocketErrorCode switch
    {
        SocketError.AddressNotAvailable => "this machine has no such address",
        SocketError.AddressFamilyNotSupported => "this machine has no addresses of that kind (is IPv6 off?)",
        SocketError.AccessDenied => "permission denied (ports below 1024 are root's)",
        SocketError.TimedOut => "no answer",
        SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData => "unknown host",
        _ => Of((Errno)e.NativeErrorCode),
    };

    private const int LastErrno = 4096;

    /// <summary>The words of the errnos that users meet; of the others those of the C library.</summary>
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
        Errno.EBUSY => "in use: something is mounted there, or a program holds it",
        Errno.EXDEV => "lies on another file system",
        Errno.EMLINK => "has as many hard links as the file system allows",
        Errno.ENOSYS or Errno.EOPNOTSUPP => "not supported by the kernel or the file system",
        Errno.ENOMEM => "out of memory",
        Errno.EEXIST => "exists already",
        Errno.EADDRINUSE => "address already in use",
        Errno.EPIPE => "nobody reads any more",
        Errno.EPROTO or Errno.EPROTONOSUPPORT => "does not speak 9P as xget does",
        _ => OfTheLibrary(error),
    };

    private static string OfTheLibrary(Errno error)
    {
        string words = Marshal.GetPInvokeErrorMessage((int)error);
        return char.IsUpper(words, 0) && !(words.Length > 1 && char.IsUpper(words, 1)) ? char.ToLowerInvariant(words[0]) + words[1..] : words;
    }
}
