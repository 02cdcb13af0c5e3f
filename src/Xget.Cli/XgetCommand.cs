using System.CommandLine;
using System.Net.Sockets;
using Xget.Cli.Mounting;
using Xget.Content.Linux;
using Xget.Node.Wire;

namespace Xget.Cli;

/// <summary>The command line: the paper's usage, and sub-commands for what it has no word for.</summary>
internal static class XgetCommand
{
    private const string Usage = """
        Xget brings the same files to many nodes at once.

          xget DIR                          serve DIR as the master
          xget -n MASTER . DEST             copy all of it into DEST, and serve it on meanwhile
          xget -n MASTER sub/file... DEST   copy these files or directories only
          xget mount MASTER:/ DIR           mount it; files come when they are read
        """;

    private static readonly (string Name, Func<Command> Build)[] Subcommands =
    [
        (MountCommand.Name, MountCommand.Build),
        (TreeCommand.Name, TreeCommand.Build),
        (StatsCommand.Name, StatsCommand.Build),
        (LogCommand.Name, LogCommand.Build),
        (PublishCommand.Name, PublishCommand.Build),
        (SumCommand.Name, SumCommand.Build),
    ];

    internal static async Task<int> RunAsync(string[] args)
    {
        string name = Environment.GetCommandLineArgs()[0];
        if (HelperCall.IsOne(name, args))
            return await GuardAsync(MountExit.System, ct => MountCommand.RunAsync(HelperCall.Parse(name, args), ct));
        if (ArgumentBytes.NotText(args) is { } unfit)
        {
            StandardStreams.Complain($"{unfit}: not UTF-8, and xget would take it for another name: rename it, or reach it by a link");
            return ExitCode.Usage;
        }
        ParseResult parsed = Build(args).Parse(args);
        bool isMount = parsed.CommandResult.Command.Name == MountCommand.Name;
        if (parsed.Errors.Count > 0)
        {
            StandardStreams.Complain($"{parsed.Errors[0].Message.TrimEnd('.')} (see xget --help)");
            return isMount ? MountExit.Usage : ExitCode.Usage;
        }
        return await GuardAsync(isMount ? MountExit.System : ExitCode.Failed, ct => parsed.InvokeAsync(
            new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, ct));
    }

    /// <summary>Runs a command; what goes wrong is one line on stderr and an exit code.</summary>
    private static async Task<int> GuardAsync(int failed, Func<CancellationToken, Task<int>> run)
    {
        using var signals = new Signals();
        try
        {
            return await run(signals.Token);
        }
        catch (UserException e)
        {
            StandardStreams.Complain(e.Message);
            return e.ExitCode;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SocketException)
        {
            StandardStreams.Complain(Words.Of(e));
            return failed;
        }
        catch (OperationCanceledException) when (signals.Received is { } signal)
        {
            StandardStreams.Complain("interrupted; run the same command again to go on");
            return ExitCode.Signal(signal);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            StandardStreams.Complain(Words.Of(e));
            if (e is not OutOfMemoryException)
                StandardStreams.Write(StandardStreams.Error, System.Text.Encoding.UTF8.GetBytes(WireText.Lines($"{e}\n"))); // for the report
            return failed;
        }
    }

    /// <summary>
    /// The commands that these words can mean. The library's help and what it tells of take over 5 % of the processor time of a small
    /// copy, so they are there when something asks for them; "@" is a file that may.
    /// </summary>
    private static Command Build(string[] args)
    {
        bool asksForHelp = Array.Exists(args, a => a is "--help" or "-h" or "-?" or "/h" or "/?" or "--version" || a.StartsWith('@'));
        Command root = asksForHelp ? new RootCommand(Usage) : new Command("xget");
        var options = new CommonOptions();
        var paths = new Argument<string[]>("PATH")
        {
            Description = "Without -n: the directory or file to serve. With -n: what to copy (\".\" for everything) and, last, the directory to copy it to.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        CommonOptions.RefuseEmpty(paths);
        foreach (Option option in options.All)
            root.Options.Add(option);
        root.Arguments.Add(paths);
        foreach ((string name, Func<Command> build) in Subcommands)
        {
            if (asksForHelp || Array.IndexOf(args, name) >= 0)
                root.Subcommands.Add(build());
        }
        root.SetAction((result, ct) =>
        {
            string[] given = result.GetValue(paths) ?? [];
            string? master = result.GetValue(options.Master);
            return (master, given.Length) switch
            {
                (null, 1) => ServeCommand.RunAsync(given[0], result, options, ct),
                (null, 0) => throw new UserException("nothing to serve: say xget DIR, or xget -n MASTER . DEST to copy (see xget --help)", ExitCode.Usage),
                (null, _) => throw new UserException("only one directory or file can be served; to copy, name the master with -n (see xget --help)", ExitCode.Usage),
                (_, < 2) => throw new UserException("say what to copy and where to: xget -n MASTER . DEST (see xget --help)", ExitCode.Usage),
                _ => CopyCommand.RunAsync(master, given[..^1], given[^1], result, options, ct),
            };
        });
        return root;
    }
}
