using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Fuse;

/// <summary>
/// The kernel's end of a connection: where replies go. The seam between the protocol, which is bytes in and bytes out,
/// and /dev/fuse. Thread-safe. A reply goes to the channel that its request came from.
/// </summary>
internal abstract class FuseChannel
{
    /// <summary>Sends one whole reply or notification, of which <paramref name="body"/> is the last part.</summary>
    /// <returns>0, or ENOENT if nobody waits for it any more, or ENODEV if the connection has ended.</returns>
    public abstract Errno Send(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body);

    /// <summary>Makes a file known for passthrough.</summary>
    public abstract FuseResult<int> BackingOpen(SafeFileHandle file);

    /// <summary>Forgets such a file.</summary>
    public abstract Errno BackingClose(int id);
}
