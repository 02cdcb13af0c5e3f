using System.CommandLine;
using Mono.Unix.Native;
using Xget.Cli.Mounting;
using Xget.Content.Linux;
using Xget.Node.Wire;

namespace Xget.Cli;

/// <summary><c>xget stats</c>: a master's or a mount's figures.</summary>
internal static class StatsCommand
{
    private const string Attribute = "user.xget.stats";

    internal const string Name = "stats";

    internal static Command Build()
    {
        var file = new ControlFile();
        file.Master.Required = false;
        var mountPoint = new Argument<string?>("MOUNTPOINT") { Description = "Where an xget mount is.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command(Name, "Show the figures of a mount, or of a master (--master), one \"name value\" a line.");
        command.Arguments.Add(mountPoint);
        file.AddTo(command);
        command.SetAction(async (result, ct) =>
        {
            StandardStreams.Print((result.GetValue(mountPoint), result.GetValue(file.Master)) switch
            {
                ({ } path, null) => OfMount(path),
                (null, { }) => await file.ReadAsync(Names.Stats, result, ct),
                _ => throw new UserException("say whose figures: xget stats MOUNTPOINT, or xget stats --master MASTER", ExitCode.Usage),
            });
            return ExitCode.Done;
        });
        return command;
    }

    private static string OfMount(string path) => Native.ReadAttribute(path, Attribute, out string value) switch
    {
        0 => value,
        Errno.ENODATA or Errno.EOPNOTSUPP => throw new UserException($"{path}: not the mount point of an xget mount"),
        Errno error => throw new UserException($"{path}: {Words.Of(error)}"),
    };
}
