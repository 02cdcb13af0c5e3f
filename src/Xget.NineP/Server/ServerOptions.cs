using System.Net;

namespace Xget.NineP;

/// <summary>How a server serves.</summary>
public sealed record ServerOptions
{
    /// <summary>Largest message in bytes; a client may ask for less. From 256 to 16 MiB.</summary>
    public int MaxMsize { get; init; } = (1 << 20) + NinePLimits.IoHeaderSize;

    /// <summary>What peers may make it hold and do.</summary>
    public ServerLimits Limits { get; init; } = new();

    /// <summary>Whether 9P2000.u is spoken; if not, a client that offers it gets 9P2000.</summary>
    public bool OfferUnix { get; init; } = true;

    /// <summary>
    /// Whether data wait for a moment (300 ms at most) while peers keep coming, or when one comes later, so that all of them get
    /// equal shares of a slow link: for a server from which many fetch the same at the same time.
    /// </summary>
    public bool GathersPeers { get; init; }

    /// <summary>Told of each connection that is closed for its peer's fault, and of failures to accept; of one address not more
    /// often than <see cref="ServerLimits.MaxComplaints"/> allows.</summary>
    public Action<EndPoint, string>? Complaint { get; init; }

    /// <summary>Told of each message, decoded, in both directions.</summary>
    public Action<string>? Trace { get; init; }
}
