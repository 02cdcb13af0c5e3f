using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>A request in flight. Exactly one of <see cref="Fail"/>, <c>Succeed</c> and <see cref="TryDecode"/> ends it.</summary>
internal abstract class PendingRequest
{
    public ushort Tag { get; set; }

    /// <summary>The one reply, besides an error, that answers it.</summary>
    public MessageType ReplyType { get; protected set; }

    /// <summary>Where the data of an Rread go.</summary>
    public Memory<byte> Buffer { get; set; }

    /// <summary>The fid that is free again once this is answered.</summary>
    public uint? ClunkedFid { get; set; }

    public NinePClient? Client { get; set; }

    public CancellationTokenRegistration Registration { get; set; }

    public abstract void Fail(Errno error, string? text = null);

    /// <summary>Ends the request with a reply's body; false if the body makes no sense, and then it has not ended.</summary>
    public abstract bool TryDecode(Dialect dialect, ReadOnlySpan<byte> body);
}
