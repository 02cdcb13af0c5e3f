namespace Xget.Simulation;

/// <summary>One stripe on its way to one node. It is active while it has something to move.</summary>
internal struct Flow
{
    /// <summary>Who sends: 0 is the master, -1 nobody.</summary>
    public int Parent;

    /// <summary>Where it stands in the parent's list.</summary>
    public int Slot;

    /// <summary>How many nodes read this stripe from the receiver.</summary>
    public int Children;

    /// <summary>Where in the stripe the node began: it reads from there to the end, and then what lies before.</summary>
    public double Start;

    /// <summary>Bytes of the stripe that the node had at the time <see cref="Since"/>.</summary>
    public double Position;

    public double Since;

    /// <summary>Bytes per second; 0 while it is not active.</summary>
    public double Rate;

    /// <summary>How far the parent lets it go.</summary>
    public double Limit;

    /// <summary>The position of its next event.</summary>
    public double Target;
}
