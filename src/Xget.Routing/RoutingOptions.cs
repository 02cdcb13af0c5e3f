namespace Xget.Routing;

/// <summary>
/// The limits of a distribution tree. Immutable. The defaults are those of the paper (Greenberg, Ionkov, Minnich 2009,
/// "XGet", its first two heuristics). Values out of range are refused by the constructor of
/// <see cref="DistributionTree"/> with an <see cref="ArgumentOutOfRangeException"/>.
/// </summary>
public sealed record RoutingOptions
{
    /// <summary>The largest value of <see cref="MaxLevel"/>.</summary>
    public const int LargestMaxLevel = 64;

    /// <summary>The largest value of <see cref="Stripes"/>.</summary>
    public const int LargestStripes = 256;

    /// <summary>The deepest level a node may be given; the master is level 0. From 1 (everybody reads from the master) to
    /// <see cref="LargestMaxLevel"/>.</summary>
    public int MaxLevel { get; init; } = 4;

    /// <summary>The most children a worker may have in one content, counted over all its stripes; at least 1. It should
    /// exceed <see cref="Stripes"/>, for every node needs a parent in each of them.</summary>
    public int MaxConnections { get; init; } = 10;

    /// <summary>How many stripes the content is cut into, each with a tree of its own: 1 to
    /// <see cref="LargestStripes"/>.</summary>
    public int Stripes { get; init; } = 1;

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxLevel, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxLevel, LargestMaxLevel);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConnections, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Stripes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Stripes, LargestStripes);
    }
}
