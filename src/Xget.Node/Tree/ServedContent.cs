using Xget.Content;

namespace Xget.Node.Tree;

/// <summary>
/// A content that a role exports under its digest: the master from its source files, a node from what it has
/// fetched, waiting for what it has not. Thread-safe.
/// </summary>
public abstract class ServedContent
{
    /// <summary>What the content is known by.</summary>
    public abstract Digest Digest { get; }

    /// <summary>Its size in bytes, as far as it is known; 0 before the chunk table has come.</summary>
    public abstract ulong Size { get; }

    /// <summary>The chunk table; waits until it has come, null when it never will.</summary>
    public abstract ValueTask<ChunkTable?> TableAsync(CancellationToken ct);

    /// <summary>
    /// Verified bytes from <paramref name="offset"/> on: at least one and at most <paramref name="count"/>, none at the
    /// end. Waits until the first of them is there; the taker disposes the range's lease.
    /// </summary>
    public abstract ValueTask<ContentRange> ReadAsync(ulong offset, int count, CancellationToken ct);

    /// <summary>The content as one connection reads it that opens its data.</summary>
    internal virtual ServedContent OpenedBy(NineP.ServerConnection peer) => this;

    /// <summary>The same without waiting: false if the first of them is not there.</summary>
    public abstract bool TryServe(ulong offset, int count, out ContentRange range);
}
