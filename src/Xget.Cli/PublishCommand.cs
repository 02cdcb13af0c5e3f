using System.CommandLine;
using Xget.Node.Wire;

namespace Xget.Cli;

/// <summary><c>xget publish</c>: the master looks at its directory again, and says what became of it.</summary>
internal static class PublishCommand
{
    internal const string Name = "publish";

    internal static Command Build()
    {
        var file = new ControlFile();
        var command = new Command(Name, "Make the master on this machine publish what has changed in its directory, and wait for it.");
        file.AddTo(command);
        command.SetAction(async (result, ct) =>
        {
            PublishReport? report = await file.PublishAsync(result, ct);
            if (report?.Failure is { } reason)
                throw new UserException($"not published: {reason}");
            StandardStreams.Print(report is not null ? report.Summary + "\n" : "asked; this master is an older xget and does not say how it ends: see its log\n");
            foreach (string line in report?.LeftOutNames ?? [])
                StandardStreams.Complain($"left out: {line}");
            if (report is not null && report.LeftOut > report.LeftOutNames.Length)
                StandardStreams.Complain($"left out: {report.LeftOut - report.LeftOutNames.Length} more (see the master's log)");
            return ExitCode.Done;
        });
        return command;
    }
}
