namespace Xget.Routing;

/// <summary>
/// One node of the cluster, as the trees of all contents see it: it carries what the paper's third heuristic remembers
/// from one content to the next. The caller makes one for each connection of a node and owns it; two objects are two
/// nodes, whatever their numbers. Not thread-safe: it belongs to the owner of the trees.
/// </summary>
/// <param name="id">A number of its own; it breaks the last tie between workers, the lower one winning.</param>
/// <param name="voice">Whose word its reports are: nodes of one voice count as one that reports; its own number if omitted.</param>
public sealed class RoutingNode(int id, int? voice = null)
{
    /// <summary>How many workers a node may avoid in all contents.</summary>
    public const int MaxAvoided = 16;

    private int[] _timesGiven = [];
    private List<RoutingNode>? _avoided;

    /// <summary>Where it stood last.</summary>
    internal FormerPlace Former { get; } = new();

    /// <summary>The number that tells it from the other nodes.</summary>
    public int Id => id;

    /// <summary>How often this node was given a parent of that level (0: the master), over all contents and stripes.
    /// </summary>
    public int TimesGiven(int level) => (uint)level < (uint)_timesGiven.Length ? _timesGiven[level] : 0;

    /// <summary>Whose word its reports are.</summary>
    public int Voice => voice ?? id;

    /// <summary>This worker is not given to the node, in any content, until <see cref="Forgive"/>; of more than
    /// <see cref="MaxAvoided"/> the earliest is forgiven.</summary>
    public void Avoid(RoutingNode worker)
    {
        _avoided ??= [];
        _avoided.Remove(worker);
        if (_avoided.Count == MaxAvoided)
        {
            _avoided.RemoveAt(0);
        }

        _avoided.Add(worker);
    }

    /// <summary>This worker may be given to the node again.</summary>
    public void Forgive(RoutingNode worker) => _avoided?.Remove(worker);

    /// <summary>The node is gone: it holds on to no other that it read from.</summary>
    public void Forget() => Former.Forget();

    /// <summary>Its number, for traces.</summary>
    public override string ToString() => $"node {id}";

    internal bool Avoids(RoutingNode worker) => _avoided is { } avoided && avoided.Contains(worker);

    internal void CountGiven(int level)
    {
        if (level >= _timesGiven.Length)
        {
            Array.Resize(ref _timesGiven, Math.Max(4, level + 1));
        }

        _timesGiven[level]++;
    }
}
