using System.Globalization;
using System.Text;
using Xget.Routing;

namespace Xget.Simulation;

/// <summary>What a tree looks like: who stands on which level, and how the children are spread over the nodes.</summary>
internal static class Shape
{
    /// <summary>Two tables of a tree as it is now.</summary>
    public static string Of(IReadOnlyList<TreeEntry> entries, int stripes)
    {
        Dictionary<(RoutingNode, int), int> children = [];
        foreach (TreeEntry entry in entries)
        {
            if (entry.Parent is not null)
            {
                children[(entry.Parent, entry.Stripe)] = children.GetValueOrDefault((entry.Parent, entry.Stripe)) + 1;
            }
        }

        Dictionary<RoutingNode, (int Stripes, int Children)> nodes = [];
        SortedDictionary<int, (int Inner, int Leaves)> levels = [];
        int fromMaster = 0;
        foreach (TreeEntry entry in entries)
        {
            int own = children.GetValueOrDefault((entry.Node, entry.Stripe));
            (int inStripes, int ofAll) = nodes.GetValueOrDefault(entry.Node);
            nodes[entry.Node] = (inStripes + (own > 0 ? 1 : 0), ofAll + own);
            (int inner, int leaves) = levels.GetValueOrDefault(entry.Level);
            levels[entry.Level] = own > 0 ? (inner + 1, leaves) : (inner, leaves + 1);
            fromMaster += entry.HoldsRoute && entry.Parent is null ? 1 : 0;
        }

        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"  {fromMaster} routes to the master\n  level: nodes with children + without, over all stripes:");
        foreach ((int level, (int inner, int leaves)) in levels)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {level}: {inner}+{leaves}");
        }

        text.Append("\n  children over all stripes: nodes:");
        Count(text, nodes.Values, n => n.Children);
        text.Append("\n  stripes with children: nodes:");
        Count(text, nodes.Values, n => n.Stripes);
        return text.Append(CultureInfo.InvariantCulture, $"\n  an uplink is full at {stripes} children").ToString();
    }

    private static void Count<T>(StringBuilder text, IEnumerable<T> nodes, Func<T, int> key)
    {
        foreach (IGrouping<int, T> group in nodes.GroupBy(key).OrderBy(g => g.Key))
        {
            text.Append(CultureInfo.InvariantCulture, $"  {group.Key}: {group.Count()}");
        }
    }
}
