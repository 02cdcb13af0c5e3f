using Xget.Routing;

namespace Xget.Node.Exporting;

/// <summary>The distribution trees of one content, and who takes part. Belongs to <see cref="Cluster"/>.</summary>
internal sealed class ContentRoutes(ContentKey key, DistributionTree tree, Front? front)
{
    /// <summary>A <see cref="Content.Digest"/>, or the path of a file of the paper's tree.</summary>
    internal object Key => key.Key;

    internal string Name => key.Name;

    internal ulong Size => key.Size;

    internal DistributionTree Tree => tree;

    internal Dictionary<RoutingNode, NodeSession> Sessions { get; } = [];

    /// <summary>How far they are; null for a content of one stripe.</summary>
    internal Front? Front => front;

    /// <summary>How many hold routes, by address: their connections for data are others than those that hold routes.</summary>
    internal Dictionary<PeerAddress, int> Readers { get; } = [];

    /// <summary>Who has joined a moment ago, and when.</summary>
    internal Queue<(Member Member, long Came)> Newcomers { get; } = new();

    internal UsualRate UsualRate { get; } = new();
}
