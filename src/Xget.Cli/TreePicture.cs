using System.Globalization;
using System.Text;
using Xget.Node.Wire;

namespace Xget.Cli;

/// <summary>
/// What <c>xget tree</c> prints: per content and stripe an indented tree, or a Graphviz graph. Takes time and room in proportion to
/// the number of routes, whatever they are: what is deeper than any real tree, or leads in a circle, is counted and not drawn.
/// </summary>
internal static class TreePicture
{
    /// <summary>Levels of a tree that are drawn; a master makes 32 at most.</summary>
    internal const int MaxDepth = 64;

    /// <summary>Nodes that are drawn.</summary>
    internal const int MaxNodes = 1_000_000;

    /// <summary>An indented tree per content and stripe.</summary>
    internal static string Text(IReadOnlyList<TreeReport> reports)
    {
        var text = new StringBuilder();
        int left = MaxNodes;
        foreach (TreeReport report in reports)
        {
            int nodes = report.Routes.DistinctBy(Identity).Count();
            text.Append(CultureInfo.InvariantCulture, $"{report.Name}  {Amount.Bytes(report.Size)}  {Short(report.Key)}  {Amount.Count(nodes, "node")}\n");
            ILookup<string?, TreeReport.Route> workers = report.Routes.ToLookup(r => r.Address);
            foreach (var stripe in report.Routes.Where(r => r.Stripe is not null).GroupBy(r => $"{r.Stripe:000}").OrderBy(g => g.Key, StringComparer.Ordinal))
                AppendStripe(text, report, workers, [.. stripe], ref left);
            foreach (var standing in report.Routes.Where(r => r.Stripe is null).GroupBy(r => Standing(r, report)))
                text.Append(CultureInfo.InvariantCulture, $"  {standing.Key}: {string.Join(", ", standing.Select(r => r.Node))}\n");
        }
        return text.Length == 0 ? "no node reads or serves anything now\n" : text.ToString();
    }

    private static void AppendStripe(StringBuilder text, TreeReport report, ILookup<string?, TreeReport.Route> workers, TreeReport.Route[] routes, ref int left)
    {
        text.Append(CultureInfo.InvariantCulture, $"  stripe {routes[0].Stripe}: master\n");
        ILookup<string, TreeReport.Route> children = routes.OrderBy(r => r.Node, StringComparer.Ordinal).ToLookup(r => r.Parent ?? "");
        var drawn = new HashSet<TreeReport.Route>(ReferenceEqualityComparer.Instance);
        AppendChildren(text, report, children, HostPort.Me, 2, drawn, ref left);
        // Below a parent that holds no routes (any more), or that has just left.
        var readers = routes.Select(r => r.Address).ToHashSet();
        foreach (var orphans in children.Where(c => c.Key != HostPort.Me && !readers.Contains(c.Key)))
        {
            TreeReport.Route? parent = workers[orphans.Key].FirstOrDefault();
            text.Append(CultureInfo.InvariantCulture, $"    {parent?.Node ?? "(gone)"} {orphans.Key}  {(parent is null ? "" : Standing(parent, report))}\n");
            AppendChildren(text, report, children, orphans.Key, 3, drawn, ref left);
        }
        if (drawn.Count < routes.Length)
            text.Append(CultureInfo.InvariantCulture, $"    ({Amount.Count(routes.Length - drawn.Count, "route")} more, deeper than {MaxDepth} levels, in a circle or too many to be shown)\n");
    }

    /// <summary>What a worker without routes is.</summary>
    private static string Standing(TreeReport.Route worker, TreeReport report) => worker.Have == report.Size ? "complete" : "expected";

    private static void AppendChildren(StringBuilder text, TreeReport report, ILookup<string, TreeReport.Route> children, string parent, int depth,
        HashSet<TreeReport.Route> drawn, ref int left)
    {
        if (depth > MaxDepth)
            return;
        foreach (TreeReport.Route route in children[parent])
        {
            if (left == 0 || !drawn.Add(route))
                continue;
            left--;
            text.Append(' ', depth * 2).Append(CultureInfo.InvariantCulture,
                $"{route.Node} {route.Address ?? "-"}  level {route.Level}  {Amount.Count(route.Connections, "connection")}  {Share(route, report)}\n");
            if (route.Address is { } address)
                AppendChildren(text, report, children, address, depth + 1, drawn, ref left);
        }
    }

    /// <summary>One graph; an edge per route, labelled with its stripe when there are several.</summary>
    internal static string Dot(IReadOnlyList<TreeReport> reports)
    {
        var text = new StringBuilder("digraph xget {\n  rankdir=TB;\n  node [shape=box];\n");
        for (int i = 0; i < reports.Count; i++)
        {
            TreeReport report = reports[i];
            text.Append(CultureInfo.InvariantCulture, $"  subgraph cluster_{i} {{\n    label={Quote(report.Name)};\n    {Id(i, HostPort.Me)} [label=\"master\", shape=ellipse];\n");
            foreach (TreeReport.Route route in report.Routes.DistinctBy(Identity))
                text.Append(CultureInfo.InvariantCulture, $"    {Id(i, route.Address ?? route.Node)} [label={Quote($"{route.Node}\n{Share(route, report)}")}];\n");
            bool striped = report.Routes.Any(r => r.Stripe > 0);
            foreach (TreeReport.Route route in report.Routes.Where(r => r.Parent is not null))
                text.Append(CultureInfo.InvariantCulture, $"    {Id(i, route.Parent!)} -> {Id(i, route.Address ?? route.Node)}{(striped ? $" [label=\"{route.Stripe}\"]" : "")};\n");
            text.Append("  }\n");
        }
        return text.Append("}\n").ToString();
    }

    private static string Share(TreeReport.Route route, TreeReport report) =>
        report.Size == 0 ? "100 %" : string.Create(CultureInfo.InvariantCulture, $"{100.0 * route.Have / report.Size:0} %");

    private static string Identity(TreeReport.Route route) => route.Address ?? route.Node;

    private static string Short(string key) => key.Length > 16 ? key[..16] : key;

    private static string Id(int content, string name) => Quote($"{content}/{name}");

    private static string Quote(string text) => "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal) + "\"";
}
