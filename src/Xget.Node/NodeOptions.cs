using System.Net;

namespace Xget.Node;

/// <summary>How a node fetches and re-exports.</summary>
public sealed record NodeOptions
{
    /// <summary>The master's addresses, tried in this order.</summary>
    public required IReadOnlyList<IPEndPoint> Masters { get; init; }

    /// <summary>
    /// Finds the masters' addresses anew, by their names, while a lost master is looked for; an empty list leaves those
    /// that are known. Null where there are no names.
    /// </summary>
    public Func<CancellationToken, Task<IReadOnlyList<IPEndPoint>>>? ResolveMasters { get; init; }

    /// <summary>The node's name in the master's log and tree.</summary>
    public required string Name { get; init; }

    /// <summary>The address that the node serves others on; its port is free by default.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.IPv6Any, 0);

    /// <summary>Failures of parents that one content may survive, and attempts to reach a lost master (the paper's 20).</summary>
    public int Retries { get; init; } = 20;

    /// <summary>How long each of five levels above a parent may take until it gives something; it is left out then, or when
    /// it answers nothing for 3 s (or this, if it is less).</summary>
    public TimeSpan Stall { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long making a connection, or an answer that needs no data, may take.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The largest 9P message in bytes; at least 4096.</summary>
    public int Msize { get; init; } = DefaultMsize;

    /// <summary>A chunk of the largest default size and its header.</summary>
    public const int DefaultMsize = (1 << 20) + 24;

    /// <summary>Bytes asked for and not yet there, of a content that comes from one parent; a few chunks at the least.</summary>
    public int Window { get; init; } = 1 << 20;

    /// <summary>The same of each stripe, of a content in several.</summary>
    public int StripedWindow { get; init; } = 128 << 10;

    /// <summary>Whether the node serves others at all.</summary>
    public bool Share { get; init; } = true;
}
