using System.Runtime.InteropServices;
using System.Text;
using Mono.Unix.Native;
using Xget.Node.Wire;

namespace Xget.Cli;

/// <summary>
/// The descriptors 0, 1 and 2 themselves: stdin, stdout and stderr. The framework's <see cref="Console"/> writes to copies of them,
/// by which a daemon would hold its caller's terminal or pipe for ever. Thread-safe.
/// </summary>
internal static unsafe partial class StandardStreams
{
    internal const int Output = 1;
    internal const int Error = 2;

    private const int Count = 3;
    private const int GetFlags = 1; // F_GETFD
    private const int ReadWrite = 2; // O_RDWR
    private const short PollOut = 4; // POLLOUT

    /// <summary>
    /// Opens /dev/null in the place of those that the caller has closed, before any other file can get their numbers and then is
    /// written to as a terminal.
    /// </summary>
    internal static void OpenClosed()
    {
        for (int i = 0; i < Count; i++)
        {
            // open(2) gives the lowest number that is free: this one, since those below are open.
            if (Control(i, GetFlags) < 0)
                _ = Open("/dev/null", ReadWrite);
        }
    }

    /// <summary>All three lead nowhere from here on.</summary>
    internal static void Silence()
    {
        int nowhere = Open("/dev/null", ReadWrite);
        if (nowhere < 0)
            return;
        for (int i = 0; i < Count; i++)
            _ = Duplicate(nowhere, i);
        if (nowhere >= Count)
            _ = Close(nowhere);
    }

    /// <summary>
    /// Prints a text of one or more lines, which is what the user asked for. What came from the wire is made harmless. A reader that
    /// has gone is no error.
    /// </summary>
    /// <exception cref="UserException">It cannot be written.</exception>
    internal static void Print(string text)
    {
        if (Write(Output, Encoding.UTF8.GetBytes(WireText.Lines(text))) is var error and not (0 or Errno.EPIPE))
            throw new UserException($"cannot write to the standard output: {Content.Linux.Words.Of(error)}");
    }

    /// <summary>Tells of something on stdout, in one line; lost when that takes nothing.</summary>
    internal static void Say(string line) => Write(Output, Encoding.UTF8.GetBytes($"xget: {WireText.OneLine(line)}\n"));

    /// <summary>Tells of an error on stderr, in one line; lost when that takes nothing.</summary>
    internal static void Complain(string line) => Write(Error, Encoding.UTF8.GetBytes($"xget: {WireText.OneLine(line)}\n"));

    /// <summary>Writes all bytes to a descriptor, waiting for as long as it takes; 0, or why the rest is not written.</summary>
    internal static Errno Write(int descriptor, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            nint written;
            fixed (byte* first = bytes)
                written = Write(descriptor, first, (nuint)bytes.Length);
            var error = written < 0 ? (Errno)Marshal.GetLastPInvokeError() : 0;
            if (error == Errno.EAGAIN) // whoever shares the terminal may have made it so
            {
                var wait = new PollEntry { Descriptor = descriptor, Events = PollOut };
                _ = Poll(&wait, 1, -1);
            }
            else if (error is not (0 or Errno.EINTR))
            {
                return error;
            }
            bytes = bytes[(int)Math.Max(0, written)..];
        }
        return 0;
    }

    private struct PollEntry
    {
        internal int Descriptor;
        internal short Events;
        internal short Happened;
    }

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int to, byte* bytes, nuint length);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(PollEntry* entries, nuint count, int timeout);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    private static partial int Duplicate(int from, int to);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
