using System.CommandLine;
using System.Globalization;
using System.Text;
using Xget.Node.Wire;

namespace Xget.Cli;

/// <summary><c>xget tree</c>: the live distribution tree, the paper's Figure 1.</summary>
internal static class TreeCommand
{
    internal const string Name = "tree";

    internal static Command Build()
    {
        var file = new ControlFile();
        var dot = new Option<bool>("--dot") { Description = "As a Graphviz graph: xget tree --master HOST --dot | dot -Tsvg" };
        var command = new Command(Name, "Show who reads from whom now: per file its nodes, levels, connections and progress.");
        file.AddTo(command);
        command.Options.Add(dot);
        command.SetAction(async (result, ct) =>
        {
            IReadOnlyList<TreeReport> reports = TreeReport.Parse(await file.ReadAsync(Names.Tree, result, ct));
            StandardStreams.Print(result.GetValue(dot) ? Dot(reports) : Text(reports));
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>An indented tree per content and stripe.</summary>
    internal static string Text(IReadOnlyList<TreeReport> reports)
    {
        var text = new StringBuilder();
        foreach (TreeReport report in reports)
        {
            int nodes = report.Routes.DistinctBy(Identity).Count();
            text.Append(CultureInfo.InvariantCulture, $"{report.Name}  {Amount.Bytes(report.Size)}  {Short(report.Key)}  {Amount.Count(nodes, "node")}\n");
            foreach (var stripe in report.Routes.Where(r => r.Stripe is not null).GroupBy(r => $"{r.Stripe:000}").OrderBy(g => g.Key, StringComparer.Ordinal))
            {
                TreeReport.Route[] routes = [.. stripe];
                text.Append(CultureInfo.InvariantCulture, $"  stripe {routes[0].Stripe}: master\n");
                AppendChildren(text, report, routes, HostPort.Me, 2, []);
                // Below a parent that holds no routes (any more), or that has just left.
                foreach (var orphans in routes.Where(r => r.Parent != HostPort.Me && !Array.Exists(routes, p => p.Address == r.Parent)).GroupBy(r => r.Parent))
                {
                    TreeReport.Route? parent = report.Routes.FirstOrDefault(r => r.Address == orphans.Key);
                    text.Append(CultureInfo.InvariantCulture, $"    {parent?.Node ?? "(gone)"} {orphans.Key}  {(parent is null ? "" : Standing(parent, report))}\n");
                    AppendChildren(text, report, routes, orphans.Key!, 3, []);
                }
            }
            foreach (var standing in report.Routes.Where(r => r.Stripe is null).GroupBy(r => Standing(r, report)))
                text.Append(CultureInfo.InvariantCulture, $"  {standing.Key}: {string.Join(", ", standing.Select(r => r.Node))}\n");
        }
        return text.Length == 0 ? "no node reads or serves anything now\n" : text.ToString();
    }

    /// <summary>What a worker without routes is.</summary>
    private static string Standing(TreeReport.Route worker, TreeReport report) => worker.Have == report.Size ? "complete" : "expected";

    private static void AppendChildren(StringBuilder text, TreeReport report, TreeReport.Route[] routes, string parent, int depth, HashSet<string> above)
    {
        foreach (TreeReport.Route route in routes.Where(r => r.Parent == parent).OrderBy(r => r.Node, StringComparer.Ordinal))
        {
            text.Append(' ', depth * 2).Append(CultureInfo.InvariantCulture,
                $"{route.Node} {route.Address ?? "-"}  level {route.Level}  {Amount.Count(route.Connections, "connection")}  {Share(route, report)}\n");
            if (route.Address is { } address && above.Add(address))
                AppendChildren(text, report, routes, address, depth + 1, above);
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
                text.Append(CultureInfo.InvariantCulture, $"    {Id(i, route.Address ?? route.Node)} [label={Quote($"{route.Node}\\n{Share(route, report)}")}];\n");
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

    private static string Quote(string text) => "\"" + text.Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";
}
