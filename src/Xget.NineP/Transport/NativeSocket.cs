using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>send(2), sendfile(2) and recv(2) on a socket that does not block.</summary>
internal static partial class NativeSocket
{
    /// <summary>Returned instead of a count when nothing can be moved now.</summary>
    public const int WouldBlock = -1;

    private const nuint SiocOutq = 0x5411;
    private const int MsgDontWait = 0x40;
    private const int MsgNoSignal = 0x4000;
    private const int MsgMore = 0x8000;

    /// <summary>Sends what the socket takes at once; with <paramref name="more"/> the kernel waits for the rest of a segment.</summary>
    /// <returns>Bytes taken, 0 also when an error is left for the next send to find.</returns>
    public static int TrySend(SafeSocketHandle socket, ReadOnlySpan<byte> data, bool more)
    {
        nint sent = Send(socket, data, (nuint)data.Length, MsgDontWait | MsgNoSignal | (more ? MsgMore : 0));
        return sent < 0 ? 0 : (int)sent;
    }

    /// <summary>Receives what is there: how much, 0 at the end, or <see cref="WouldBlock"/>, also when an error is left for the
    /// next receive to find.</summary>
    public static int TryReceive(SafeSocketHandle socket, Span<byte> buffer) =>
        (int)Receive(socket, buffer, (nuint)buffer.Length, MsgDontWait);

    /// <summary>
    /// Moves up to <paramref name="count"/> bytes from page cache to socket without a copy: how many, 0 at the file's
    /// end, or <see cref="WouldBlock"/>.
    /// </summary>
    /// <exception cref="IOException">The connection is lost or the file cannot be read.</exception>
    public static int TrySendFile(SafeSocketHandle socket, SafeFileHandle file, long offset, int count)
    {
        while (true)
        {
            nint moved = Sendfile(socket, file, ref offset, (nuint)count);
            if (moved >= 0)
            {
                return (int)moved;
            }

            Errno error = (Errno)Marshal.GetLastPInvokeError();
            switch (error)
            {
                case Errno.EINTR:
                    continue;
                case Errno.EAGAIN:
                case Errno.EINVAL:
                case Errno.ENOSYS:
                    return WouldBlock;
                default:
                    // A file that cannot be read is no lost connection: somebody should hear of it.
                    throw error is Errno.EPIPE or Errno.ECONNRESET or Errno.ENOTCONN or Errno.ETIMEDOUT
                        ? new IOException($"sendfile: {error}")
                        : new InvalidDataException($"sendfile: {error}");
            }
        }
    }

    /// <summary>Bytes sent that the peer's kernel has not acknowledged (tcp(7), SIOCOUTQ); 0 for a lost connection.</summary>
    public static int Unacknowledged(SafeSocketHandle socket) => Ioctl(socket, SiocOutq, out int bytes) == 0 ? bytes : 0;

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Ioctl(SafeHandle socket, nuint request, out int value);

    [LibraryImport("libc", EntryPoint = "sendfile64", SetLastError = true)]
    private static partial nint Sendfile(SafeHandle socket, SafeHandle file, ref long offset, nuint count);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(SafeHandle socket, ReadOnlySpan<byte> data, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv")]
    private static partial nint Receive(SafeHandle socket, Span<byte> buffer, nuint length, int flags);
}
