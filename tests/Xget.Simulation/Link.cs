namespace Xget.Simulation;

/// <summary>One direction of a node's link.</summary>
internal struct Link
{
    /// <summary>Bytes per second.</summary>
    public double Capacity;

    /// <summary>The most that it gives to one flow: the level to which max-min fair sharing fills it; its capacity while
    /// the flows want less than that.</summary>
    public double Level;

    /// <summary>Active flows over it now.</summary>
    public int Active;

    /// <summary>Active flows when the level was computed.</summary>
    public int ActiveAtLevel;

    /// <summary>Whether it waits for its level to be computed anew.</summary>
    public bool IsQueued;
}
