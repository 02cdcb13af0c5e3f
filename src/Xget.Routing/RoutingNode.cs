namespace Xget.Routing;

/// <summary>
/// One node of the cluster, as the trees of all contents see it: it carries what the paper's third heuristic remembers
/// from one content to the next. The caller makes one for each connection of a node and owns it; two objects are two
/// nodes, whatever their numbers. Not thread-safe: it belongs to the owner of the trees.
/// </summary>
/// <param name="id">A number of its own; it breaks the last tie between workers, the lower one winning.</param>
public sealed class RoutingNode(int id)
{
    private int[] _timesGiven = [];

    /// <summary>Where it stood last.</summary>
    internal FormerPlace Former { get; } = new();

    /// <summary>The number that tells it from the other nodes.</summary>
    public int Id => id;

    /// <summary>How often this node was given a parent of that level (0: the master), over all contents and stripes.
    /// </summary>
    public int TimesGiven(int level) => (uint)level < (uint)_timesGiven.Length ? _timesGiven[level] : 0;

    /// <summary>The node is gone: it holds on to no other that it read from.</summary>
    public void Forget() => Former.Forget();

    /// <summary>Its number, for traces.</summary>
    public override string ToString() => $"node {id}";

    internal void CountGiven(int level)
    {
        if (level >= _timesGiven.Length)
        {
            Array.Resize(ref _timesGiven, Math.Max(4, level + 1));
        }

        _timesGiven[level]++;
    }
}
