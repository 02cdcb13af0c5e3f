using System.CommandLine;
using Xget.Node.Wire;

namespace Xget.Cli;

/// <summary><c>xget stats</c>: a master's figures.</summary>
internal static class StatsCommand
{
    internal static Command Build()
    {
        var file = new ControlFile();
        var command = new Command("stats", "Show a master's figures, one \"name value\" a line.");
        file.AddTo(command);
        command.SetAction(async (result, ct) =>
        {
            Console.Write(await file.ReadAsync(Names.Stats, result, ct));
            return ExitCode.Done;
        });
        return command;
    }
}
