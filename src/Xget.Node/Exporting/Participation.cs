using Xget.Routing;

namespace Xget.Node.Exporting;

/// <summary>What one node holds in one content's trees. Belongs to <see cref="Cluster"/>.</summary>
internal sealed class Participation
{
    internal Member? Member { get; set; }

    /// <summary>Open <c>redir</c> fids; the routes are held while there is one.</summary>
    internal int Redirs { get; set; }

    /// <summary>Open <c>avail</c> fids that were written.</summary>
    internal int Avails { get; set; }

    /// <summary>Whether the trees have it as a worker: it advertises, and the master has reached it.</summary>
    internal bool IsOffered { get; set; }

    /// <summary>Counts the changes of its routes that others made.</summary>
    internal int Changes { get; set; }

    /// <summary>Ends with the next such change; made when somebody waits for one.</summary>
    internal TaskCompletionSource? NextChange { get; set; }

    /// <summary>Verified bytes that the node says it has.</summary>
    internal ulong Have { get; set; }

    /// <summary>How fast that grows.</summary>
    internal Pace Pace { get; } = new();
}
