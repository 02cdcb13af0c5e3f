using Xget.Routing;

namespace Xget.Simulation;

/// <summary>What becomes of one node.</summary>
internal sealed class NodeState(RoutingNode node, double start)
{
    public RoutingNode Node => node;

    public double Start => start;

    /// <summary>When it had everything; 0 before.</summary>
    public double Finish { get; set; }

    /// <summary>What the master holds for it.</summary>
    public Member? Member { get; set; }

    public int StripesDone { get; set; }

    public bool IsAlive { get; set; } = true;

    public bool IsStopped { get; set; }

    /// <summary>The scenario chose it: its own time does not count.</summary>
    public bool IsDisturbed { get; set; }
}
