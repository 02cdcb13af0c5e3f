using System.CommandLine;
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
            StandardStreams.Print(result.GetValue(dot) ? TreePicture.Dot(reports) : TreePicture.Text(reports));
            return ExitCode.Done;
        });
        return command;
    }
}
