using System.CommandLine;
using Xget.Node.Wire;

namespace Xget.Cli;

/// <summary><c>xget publish</c>: the master looks at its directory again.</summary>
internal static class PublishCommand
{
    internal const string Name = "publish";

    internal static Command Build()
    {
        var file = new ControlFile();
        var command = new Command(Name, "Make the master on this machine publish what has changed in its directory.");
        file.AddTo(command);
        command.SetAction(async (result, ct) =>
        {
            await file.WriteAsync(Names.Publish, "now", result, ct);
            return ExitCode.Done;
        });
        return command;
    }
}
