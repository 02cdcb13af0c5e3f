using System.Net;
using Serilog.Events;
using Xget.Fuse;
using Xget.Mount;
using Xget.Node;

namespace Xget.Cli.Mounting;

/// <summary>The words after -o as values; those of the kernel and of mount(8) as they are.</summary>
internal sealed record MountSettings
{
    /// <summary>What mount(2) and fusermount3 heed, with those words that go without saying.</summary>
    internal string Kernel { get; init; } = "";

    internal string? CacheDirectory { get; init; }

    internal RoomSize? CacheSize { get; init; }

    internal RoomSize? CacheMinFree { get; init; }

    internal bool VerifyAlways { get; init; }

    internal int Port { get; init; } = MasterAddress.DefaultPort;

    internal IPAddress? Advertise { get; init; }

    internal IPEndPoint Bind { get; init; } = new(IPAddress.IPv6Any, 0);

    /// <summary>The port of <see cref="Bind"/>, given on its own.</summary>
    internal int? ServePort { get; init; }

    /// <summary>Where this node serves others.</summary>
    internal IPEndPoint Listen => ServePort is { } port ? new IPEndPoint(Bind.Address, port) : Bind;

    internal Prefetch Prefetch { get; init; } = Prefetch.Window;

    internal TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    internal TimeSpan Stall { get; init; } = TimeSpan.FromSeconds(10);

    internal int Retries { get; init; } = 5;

    internal bool Share { get; init; } = true;

    internal string Name { get; init; } = Environment.MachineName;

    internal string? LogFile { get; init; }

    internal LogEventLevel? LogLevel { get; init; }

    internal int Msize { get; init; } = NodeOptions.DefaultMsize;

    internal bool Background { get; init; }

    /// <summary>How long the master is waited for; null: not at all, or a week in the background.</summary>
    internal TimeSpan? Retry { get; init; }

    internal bool Pinned { get; init; }

    internal bool Passthrough { get; init; } = true;

    internal bool Inode32 { get; init; }

    internal uint? Uid { get; init; }

    internal uint? Gid { get; init; }

    internal uint? Umask { get; init; }

    /// <summary>What /proc/mounts shows as the source; null for the source itself.</summary>
    internal string? FsName { get; init; }

    /// <summary>root's mounts are for everybody, as other network file systems are.</summary>
    internal bool AllowOther { get; init; } = Environment.IsPrivilegedProcess;

    /// <summary>Programs on the mount may have their owner's rights.</summary>
    internal bool AllowSuid { get; init; }

    /// <summary>Device nodes on the mount open this machine's devices.</summary>
    internal bool AllowDev { get; init; }

    /// <summary>Reads the words; an unknown one is an error unless all are to be put up with.</summary>
    /// <exception cref="UserException">An option is wrong.</exception>
    internal static MountSettings Parse(string options, bool sloppy)
    {
        var settings = new MountSettings();
        var kernel = new List<string>();
        foreach (string word in Words(options))
        {
            if (MountOptionSplit.Parse(word).Others.Count == 0)
                kernel.Add(word);
            else if (OwnOption.Apply(settings, word) is { } next)
                settings = next;
            else if (!sloppy)
                throw new UserException($"unknown mount option {word} (see xget mount --help)", MountExit.Usage);
        }
        if (settings.AllowOther && !kernel.Contains(AllowOtherWord))
            kernel.Add(AllowOtherWord);
        if (!kernel.Contains(PermissionsWord))
            kernel.Add(PermissionsWord); // the kernel checks modes: nothing else would
        ForbidUnlessAsked(kernel, "suid", "nosuid", settings.AllowSuid);
        ForbidUnlessAsked(kernel, "dev", "nodev", settings.AllowDev);
        kernel.Add("ro");
        return settings with { Kernel = string.Join(',', kernel) };
    }

    private const string AllowOtherWord = "allow_other";
    private const string PermissionsWord = "default_permissions";

    /// <summary>
    /// What a master serves gives nobody root's rights and opens no device of this machine, unless that was asked for;
    /// <c>defaults</c> does not ask for it.
    /// </summary>
    private static void ForbidUnlessAsked(List<string> kernel, string asks, string forbids, bool isAllowed)
    {
        string? last = kernel.FindLast(w => w == asks || w == forbids);
        if (last is null ? !isAllowed : last == forbids)
            kernel.Add(forbids);
    }

    /// <summary>Split at commas that are not within double quotes, as mount(8) does.</summary>
    private static List<string> Words(string options)
    {
        var words = new List<string>();
        bool quoted = false;
        int start = 0;
        for (int i = 0; i <= options.Length; i++)
        {
            if (i < options.Length && options[i] == '"')
                quoted = !quoted;
            if (i < options.Length && (options[i] != ',' || quoted))
                continue;
            string word = options[start..i].Trim();
            if (word.Length > 0)
                words.Add(word);
            start = i + 1;
        }
        return words;
    }
}
