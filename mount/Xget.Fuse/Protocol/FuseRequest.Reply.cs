using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mono.Unix.Native;

namespace Xget.Fuse;

/// <content>The one reply.</content>
public sealed partial class FuseRequest
{
    private const int LargestErrno = 511; // The kernel ignores a reply with a larger one, and its caller waits for ever.
    private int _answered;

    /// <summary>An error, or success without a body.</summary>
    internal Errno Reply(Errno error)
    {
        error = (int)error is >= 0 and <= LargestErrno ? error : Errno.EIO;
        return Claim() ? Send(error, [], []) : Errno.EALREADY;
    }

    /// <summary>A structure.</summary>
    internal Errno Reply<T>(in T body) where T : unmanaged =>
        Reply(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in body)));

    /// <summary>Bytes from anywhere.</summary>
    internal Errno Reply(ReadOnlySpan<byte> body) => Claim() ? Send(0, [], body) : Errno.EALREADY;

    /// <summary>The first <paramref name="count"/> bytes of a reply buffer's body.</summary>
    internal Errno Reply(byte[] buffer, int count) =>
        Claim() ? Send(0, buffer.AsSpan(ReplyBuffers.BodyOffset - Unsafe.SizeOf<OutHeader>(),
            Unsafe.SizeOf<OutHeader>() + count), []) : Errno.EALREADY;

    private bool Claim() => Interlocked.Exchange(ref _answered, 1) == 0;

    /// <param name="error">0 or why there is no body.</param>
    /// <param name="whole">Room for the header and all of the body behind it, or empty.</param>
    /// <param name="body">The body, if <paramref name="whole"/> is empty.</param>
    private Errno Send(Errno error, Span<byte> whole, ReadOnlySpan<byte> body)
    {
        Span<byte> head = whole.IsEmpty ? stackalloc byte[Unsafe.SizeOf<OutHeader>()] : whole;
        OutHeader header = new((uint)(head.Length + body.Length), -(int)error, Unique);
        MemoryMarshal.Write(head, in header);
        Core.TraceReply(this, error, head.Length + body.Length);
        Errno sent = Channel.Send(head, body);
        if (sent is 0 or Errno.ENOENT or Errno.ENODEV || error != 0)
        {
            return sent;
        }

        // The kernel did not like it, but whoever asked still waits.
        Core.Complain($"the kernel refused the reply to {FuseCore.NameOf(Opcode)}: {sent}");
        header = new OutHeader((uint)Unsafe.SizeOf<OutHeader>(), -(int)Errno.EIO, Unique);
        Channel.Send(MemoryMarshal.AsBytes(new ReadOnlySpan<OutHeader>(in header)), []);
        return sent;
    }
}
