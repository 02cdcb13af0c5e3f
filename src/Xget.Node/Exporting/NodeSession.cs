using System.Net;
using Xget.Routing;

namespace Xget.Node.Exporting;

/// <summary>One connection to the master, and what the cluster holds for it. Its fields belong to <see cref="Cluster"/>.</summary>
internal sealed class NodeSession
{
    internal NodeSession(int id, string name, IPAddress address)
    {
        Node = new RoutingNode(id);
        Name = name;
        Address = address;
    }

    internal RoutingNode Node { get; }

    /// <summary>How people know the node: the user name of its attach, or its address.</summary>
    internal string Name { get; }

    /// <summary>The address of the connection: the only one the master believes.</summary>
    internal IPAddress Address { get; }

    /// <summary>The port the node says it serves from; 0 while it has not said so.</summary>
    internal int Port { get; set; }

    internal IPEndPoint EndPoint => new(Address, Port);

    internal Dictionary<ContentRoutes, Participation> Participations { get; } = [];
}

/// <summary>What one node holds in one content's trees.</summary>
internal sealed class Participation
{
    internal Member? Member { get; set; }

    /// <summary>Workers that the node left out before it asked for routes.</summary>
    internal List<IPEndPoint> LeftOut { get; } = [];

    /// <summary>Open <c>redir</c> fids; the routes are held while there is one.</summary>
    internal int Redirs { get; set; }

    /// <summary>Open <c>avail</c> fids that were written; the node is a worker while there is one.</summary>
    internal int Avails { get; set; }

    /// <summary>Counts the changes of its routes that others made.</summary>
    internal int Changes { get; set; }

    /// <summary>Ends with the next such change; made when somebody waits for one.</summary>
    internal TaskCompletionSource? NextChange { get; set; }

    /// <summary>Verified bytes that the node says it has.</summary>
    internal ulong Have { get; set; }

    /// <summary>How fast that grows.</summary>
    internal Pace Pace { get; } = new();
}

/// <summary>The distribution trees of one content, and who takes part.</summary>
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

    /// <summary>Who has joined a moment ago, and when.</summary>
    internal Queue<(Member Member, long Came)> Newcomers { get; } = new();

    internal UsualRate UsualRate { get; } = new();
}
