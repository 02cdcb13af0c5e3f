using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using System.Numerics;
using Serilog.Events;

namespace Xget.Cli;

/// <summary>The options, each with its line of help. The paper's letters stand beside the long names.</summary>
internal sealed class CommonOptions
{
    internal Option<string?> Master { get; } = new("--master", "-n")
    {
        Description = "The master: HOST, HOST:PORT, [V6]:PORT or HOST!PORT. With it xget copies; without it, it serves.",
        HelpName = "MASTER",
    };

    internal Option<int> Port { get; } = Number("--port", "-p", MasterAddress.DefaultPort, 0, 65535,
        "The master's port: to listen on (0: any free one), or to dial.");

    internal Option<int> ServePort { get; } = Number("--serve-port", null, 0, 0, 65535,
        "Copy: serve others on this port, so that a firewall can let it in (0: any free one).");

    internal Option<int> MaxConnections { get; } = Number("--max-connections", "-m", 10, 1, 1000,
        "Master: the most children that one worker serves for one content.");

    internal Option<int> Retries { get; } = Number("--retries", "-r", 20, 0, 1_000_000,
        "Failed parents that one content survives, and attempts to reach a lost master.");

    internal Option<bool> NoMetadata { get; } = Flag("--no-metadata", "-s", "Copy: leave mode and owner alone.");

    internal Option<bool> RootOnly { get; } = Flag("--root-only", "-o", "Copy: no owner or mode is changed, as in the original (numeric ids need no look-ups anyway).");

    internal Option<bool> NoDevices { get; } = new("--no-devices") { Description = "Copy: leave device nodes out." };

    internal Option<bool> NoSetuid { get; } = new("--no-setuid") { Description = "Copy: clear the setuid and setgid bits of files, and leave file capabilities out." };

    internal Option<bool> OneFileSystem { get; } = Flag("--one-file-system", "-x", "Master: do not cross into other file systems: they are empty directories (/proc, /sys and their like are so anyway, and named).");

    internal Option<int> Debug { get; } = Number("--debug", "-D", 0, 0, int.MaxValue,
        "Debug mask: 1 debug messages, 2 also each 9P message. Clients of 2009 take the master's over.");

    internal Option<string?> Bind { get; } = Text("--bind", "ADDR", "Listen on this address only.");

    internal Option<string?> Advertise { get; } = Text("--advertise", "ADDR",
        "Copy: reach the master from this local address, by which it will name this node to others.");

    internal Option<int> MaxLevel { get; } = Number("--max-level", null, 4, 1, 16, "Master: the most levels of the distribution tree (32 where a content has several).");

    internal Option<int> Stripes { get; } = Number("--stripes", null, 4, 1, Node.Wire.RouteLine.MaxStripes,
        "Master: trees per content of many chunks, each carrying every k-th chunk; 1: a single one.");

    internal Option<double?> Linger { get; } = new("--linger")
    {
        Description = "Copy: serve others for this many seconds at most when done. By default until nobody is connected, at most until twice the own download time has passed.",
        HelpName = "SECONDS",
        Validators = { result => RefuseOutside(result, "--linger", 0d, 1e9) },
    };

    internal Option<int> Stall { get; } = Number("--stall", null, 10, 1, 86400, "Seconds that each of five levels above a parent may take; it is left out then, or when it answers nothing for 3.");

    internal Option<int> Msize { get; } = Number("--msize", null, Node.NodeOptions.DefaultMsize, 4096, 16 << 20, "The largest 9P message, in bytes.");

    internal Option<string?> Name { get; } = Text("--name", "NAME", "This node's name in the logs and the tree; the host's by default.");

    internal Option<string?> State { get; } = Text("--state", "DIR", "Master: where the digests of unchanged files are kept, so that a restart hashes nothing.");

    internal Option<bool> Watch { get; } = new("--watch") { Description = "Master: publish again by itself when files change (otherwise: xget publish, or SIGHUP)." };

    internal Option<LogEventLevel?> LogLevel { get; } = new("--log-level")
    {
        Description = "Least level that is logged: Verbose, Debug, Information, Warning, Error or Fatal.",
        HelpName = "LEVEL",
    };

    internal Option<string?> LogFile { get; } = Text("--log-file", "FILE", "Log into this file too.");

    internal Option<bool> Quiet { get; } = Flag("--quiet", "-q", "No progress, no summary; errors only.");

    internal Option<string?> DoneFile { get; } = Text("--done-file", "FILE",
        "Copy: created the moment the last file is verified and in place, before lingering.");

    internal IEnumerable<Option> All =>
    [
        Master, Port, ServePort, MaxConnections, Retries, NoMetadata, RootOnly, NoDevices, NoSetuid, OneFileSystem, Debug, Bind, Advertise, MaxLevel, Stripes,
        Linger, Stall, Msize, Name, State, Watch, LogLevel, LogFile, Quiet, DoneFile,
    ];

    /// <summary>An address given by the user.</summary>
    internal static IPAddress? Address(string? text, string option) =>
        text is null ? null
        : IPAddress.TryParse(text.Trim('[', ']'), out IPAddress? address) ? address
        : throw new UserException($"{option}: not a numeric address: {text}", ExitCode.Usage);

    internal static void RefuseEmpty<T>(Argument<T> argument) => argument.Validators.Add(result => RefuseEmpty(result, argument.Name));

    /// <summary>An empty path or name is a variable that was not set.</summary>
    private static void RefuseEmpty(SymbolResult result, string name)
    {
        foreach (Token token in result.Tokens)
        {
            if (token.Value.Length == 0)
                result.AddError($"{name}: is empty");
        }
    }

    /// <summary>What is no number at all is refused by the parser.</summary>
    private static void RefuseOutside<T>(SymbolResult result, string name, T least, T most) where T : struct, INumber<T>
    {
        if (result.Tokens.Count > 0 && T.TryParse(result.Tokens[^1].Value, CultureInfo.InvariantCulture, out T number)
            && !(number >= least && number <= most))
            result.AddError($"{name}: {result.Tokens[^1].Value} is not in {least}..{most}");
    }

    internal static Option<int> Number(string name, string? letter, int value, int least, int most, string description)
    {
        var option = letter is null ? new Option<int>(name) : new Option<int>(name, letter);
        option.Description = description;
        option.HelpName = "N";
        option.DefaultValueFactory = _ => value;
        option.Validators.Add(result => RefuseOutside(result, name, least, most));
        return option;
    }

    private static Option<bool> Flag(string name, string letter, string description) => new(name, letter) { Description = description };

    private static Option<string?> Text(string name, string help, string description)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = help };
        option.Validators.Add(result => RefuseEmpty(result, name));
        return option;
    }
}
