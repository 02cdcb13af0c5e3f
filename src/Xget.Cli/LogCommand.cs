using System.CommandLine;
using Xget.Node.Wire;

namespace Xget.Cli;

/// <summary><c>xget log</c>: the latest records of all nodes.</summary>
internal static class LogCommand
{
    internal const string Name = "log";

    internal static Command Build()
    {
        var file = new ControlFile();
        var command = new Command(Name, "Show the latest records of all nodes, as the master has them.");
        file.AddTo(command);
        command.SetAction(async (result, ct) =>
        {
            StandardStreams.Print(await file.ReadAsync(Names.Log, result, ct));
            return ExitCode.Done;
        });
        return command;
    }
}
