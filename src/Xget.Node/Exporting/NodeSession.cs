using System.Net;
using Xget.Routing;

namespace Xget.Node.Exporting;

/// <summary>One connection to the master, and what the cluster holds for it. Its fields belong to <see cref="Cluster"/>.</summary>
internal sealed class NodeSession
{
    internal NodeSession(int id, string name, PeerAddress host)
    {
        Node = new RoutingNode(id, host.Number);
        Name = name;
        Host = host;
    }

    internal RoutingNode Node { get; }

    /// <summary>How people know the node: the user name of its attach, or its address.</summary>
    internal string Name { get; }

    /// <summary>The address of the connection: the only one the master believes.</summary>
    internal PeerAddress Host { get; }

    /// <summary>The port the node says it serves from; 0 while it has not said so.</summary>
    internal int Port { get; set; }

    internal IPEndPoint EndPoint => new(Host.Address, Port);

    /// <summary>It speaks as the tool of 2009 does.</summary>
    internal bool IsOriginal { get; set; }

    /// <summary>Whether the master has reached it at that port.</summary>
    internal WorkerProof Proof { get; } = new();

    /// <summary>Ends its probes; null while none are under way.</summary>
    internal CancellationTokenSource? Proving { get; set; }

    /// <summary>Whether it may be named to others.</summary>
    internal bool Serves => Proof.State == WorkerState.Proven;

    /// <summary>Open <c>avail</c> fids that were written, of all contents.</summary>
    internal int Avails { get; set; }

    /// <summary>The connection has ended.</summary>
    internal bool IsGone { get; set; }

    /// <summary>It was told that it takes part in too many contents.</summary>
    internal bool IsTold { get; set; }

    internal Dictionary<ContentRoutes, Participation> Participations { get; } = [];

    /// <summary>Workers that it reported, and when: they are not given to it for a while, in any content.</summary>
    internal Queue<(RoutingNode Worker, TimeSpan At)> Reported { get; } = new();

    /// <summary>When <c>next</c> may be answered again.</summary>
    internal long NextTurn;
}
