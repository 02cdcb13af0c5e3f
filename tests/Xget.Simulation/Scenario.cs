namespace Xget.Simulation;

/// <summary>What happens to the nodes of a run.</summary>
internal enum Scenario
{
    /// <summary>All nodes start within <see cref="Setting.Spread"/>.</summary>
    Together,

    /// <summary>The nodes start spread over a time as long as one copy takes.</summary>
    Spread,

    /// <summary>In the middle 30 % of the nodes are killed, those with the most children first.</summary>
    Kill,

    /// <summary>One node has a tenth of the bandwidth.</summary>
    Slow,

    /// <summary>In the middle the node with the most children stops reading and serving, but stays connected.</summary>
    Stop,
}
