namespace Xget.Cli.Mounting;

/// <summary>
/// The calls of mount(8): <c>mount.fuse.xget SOURCE DIR [-sfnv] [-o OPTIONS]</c>, and <c>xget SOURCE DIR -o OPTIONS</c>,
/// as mount.fuse3 does where there is no such helper. And the call by which a <see cref="Launcher"/> starts its daemon,
/// which waits for no command line to be described and parsed.
/// </summary>
internal static class HelperCall
{
    private const string HelperName = "mount.fuse.xget";
    private const string DaemonWord = "--daemon";

    /// <summary>Whether this is such a call.</summary>
    /// <param name="name">The name by which the program was called (argv[0]).</param>
    /// <param name="args">What follows it.</param>
    internal static bool IsOne(string name, ReadOnlySpan<string> args) =>
        args is [MountCommand.Name, DaemonWord, ..] || Path.GetFileName(name) == HelperName
        || (args is [var source, _, "-o", _] && MountSource.LooksLike(source));

    /// <summary>The words that make a process the daemon of a request.</summary>
    internal static string[] ForDaemon(MountRequest request) =>
        [MountCommand.Name, DaemonWord, $"-{(request.Verbose ? "v" : "")}{(request.Sloppy ? "s" : "")}", request.Options, request.Source, request.Directory];

    /// <summary>What is asked for.</summary>
    /// <exception cref="UserException">Nothing that makes sense.</exception>
    /// <param name="name">The name by which the program was called.</param>
    /// <param name="args">What follows it.</param>
    internal static MountRequest Parse(string name, ReadOnlySpan<string> args)
    {
        var request = new MountRequest { Source = "", Directory = "", FromMount = true };
        if (args is [MountCommand.Name, DaemonWord, var letters, var given, var master, var at])
            return Flagged(request, letters) with { Source = master, Directory = at, Options = given, Daemon = true };
        var words = new List<string>();
        var options = new List<string>();
        for (int i = 0; i < args.Length; i++)
        {
            string arg = args[i];
            if (arg is "-o" or "-t" && i + 1 < args.Length)
            {
                i++;
                if (arg == "-o")
                    options.Add(args[i]);
            }
            else if (arg is "-h" or "--help")
                throw new UserException($"usage: {HelperName} SOURCE DIRECTORY [-sfnv] [-o OPTIONS] (options: xget mount --help)", MountExit.Usage);
            else if (arg.StartsWith('-'))
                request = Flagged(request, arg);
            else
                words.Add(arg);
        }
        return words is [var source, { Length: > 0 } directory]
            ? request with { Source = source, Directory = Path.GetFullPath(directory), Options = Given(name, string.Join(',', options)) }
            : throw new UserException($"usage: {HelperName} SOURCE DIRECTORY [-sfnv] [-o OPTIONS]", MountExit.Usage);
    }

    /// <summary>mount.fuse3 adds "dev,suid" whenever root did not say the opposite, so that they ask for nothing there.</summary>
    private static string Given(string name, string options)
    {
        const string Added = ",dev,suid";
        return Path.GetFileName(name) != HelperName && options.EndsWith(Added, StringComparison.Ordinal) ? options[..^Added.Length] : options;
    }

    private static MountRequest Flagged(MountRequest request, string letters)
    {
        foreach (char letter in letters.AsSpan(1))
        {
            request = letter switch
            {
                's' => request with { Sloppy = true },
                'f' => request with { Fake = true },
                'v' => request with { Verbose = true },
                'n' => request, // there is no /etc/mtab to be left alone
                _ => throw new UserException($"unknown argument {letters}", MountExit.Usage),
            };
        }
        return request;
    }
}
