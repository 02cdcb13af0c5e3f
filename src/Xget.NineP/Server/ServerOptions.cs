using System.Net;

namespace Xget.NineP;

/// <summary>The limits of a server, each of which holds per connection unless it says otherwise.</summary>
public sealed record ServerOptions
{
    /// <summary>Largest message in bytes; a client may ask for less. From 256 to 16 MiB.</summary>
    public int MaxMsize { get; init; } = (1 << 20) + NinePLimits.IoHeaderSize;

    /// <summary>Most fids; above, EMFILE.</summary>
    public int MaxFids { get; init; } = 1 << 20;

    /// <summary>Most reads and writes that wait; above, EAGAIN. Clients may wait for many things at a time for good.</summary>
    public int MaxOutstanding { get; init; } = 1 << 14;

    /// <summary>Whether 9P2000.u is spoken; if not, a client that offers it gets 9P2000.</summary>
    public bool OfferUnix { get; init; } = true;

    /// <summary>How long a connection may take until its Tversion.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a peer may take nothing of what it is sent (in pieces of 256 KiB).</summary>
    public TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Most connections in all that have sent no Tversion yet; when more come the oldest is closed.</summary>
    public int MaxUnversioned { get; init; } = 1024;

    /// <summary>
    /// Whether data wait for a moment (300 ms at most) while peers keep coming, or when one comes later, so that all of them get
    /// equal shares of a slow link: for a server from which many fetch the same at the same time.
    /// </summary>
    public bool GathersPeers { get; init; }

    /// <summary>Told once for each connection that is closed for its peer's fault, and of failures to accept.</summary>
    public Action<EndPoint, string>? Complaint { get; init; }

    /// <summary>Told of each message, decoded, in both directions.</summary>
    public Action<string>? Trace { get; init; }
}
