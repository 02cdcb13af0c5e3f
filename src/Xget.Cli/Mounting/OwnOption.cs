using System.Globalization;
using System.Net;
using System.Text;
using Serilog.Events;
using Xget.Mount;

namespace Xget.Cli.Mounting;

/// <summary>A word after -o that is xget's own: one table for reading and for the help.</summary>
/// <param name="Name">The word, or what stands before its "=".</param>
/// <param name="Value">What stands after it, for people; null when nothing does.</param>
/// <param name="Help">A line of help.</param>
/// <param name="Set">Takes the value over; null when it is wrong.</param>
internal sealed record OwnOption(string Name, string? Value, string Help, Func<MountSettings, string, MountSettings?> Set)
{
    private const int Day = 86400;

    internal static readonly IReadOnlyList<OwnOption> All =
    [
        new("cache", "DIR", "Where contents are kept (root: /var/cache/xget, else ~/.cache/xget).",
            (s, v) => v.Length > 0 ? s with { CacheDirectory = Path.GetFullPath(v) } : null),
        new("cache_size", "SIZE", "The most that the cache may take: bytes, with K, M, G or T, or % of the disk (no limit).",
            (s, v) => RoomSize.Parse(v) is { } size ? s with { CacheSize = size } : null),
        new("cache_min_free", "SIZE", "What the cache leaves free on its disk (5%).",
            (s, v) => RoomSize.Parse(v) is { } size ? s with { CacheMinFree = size } : null),
        new("verify", "always|once", "Whether each read of the cache is checked again, or only what comes in (once).",
            (s, v) => v is "always" or "once" ? s with { VerifyAlways = v == "always" } : null),
        new("prefetch", "file|window|none", "What is fetched beyond what is read: the whole file, ahead of sequential readers, nothing (window).",
            (s, v) => PrefetchOf(v) is { } prefetch ? s with { Prefetch = prefetch } : null),
        new("timeout", "SECONDS", "How long a reader waits for the network before it gets an I/O error (60).",
            (s, v) => Seconds(v) is { } time ? s with { Timeout = time } : null),
        new("stall", "SECONDS", "For each of five levels above a parent, then it is left out; after 3 if it answers nothing (10).",
            (s, v) => Seconds(v) is { } time ? s with { Stall = time } : null),
        new("generation", "follow|pinned", "Whether the mount shows what the master publishes later, or stays as it is, as a root file system does (follow).",
            (s, v) => v is "follow" or "pinned" ? s with { Pinned = v == "pinned" } : null),
        new("passthrough", "yes|no", "Whether the kernel reads complete files itself; no, where two overlays are stacked on the mount (yes).",
            (s, v) => v is "yes" or "no" ? s with { Passthrough = v == "yes" } : null),
        new("inode32", null, "Inode numbers for 32-bit programs; some files of a large tree share one.", (s, _) => s with { Inode32 = true }),
        new("uid", "N", "Show all files as this user's (the master's owners).", (s, v) => Id(v) is { } id ? s with { Uid = id } : null),
        new("gid", "N", "Show all files as this group's.", (s, v) => Id(v) is { } id ? s with { Gid = id } : null),
        new("umask", "OCTAL", "Show all files with all permissions but these.", (s, v) => Octal(v) is { } mask ? s with { Umask = mask } : null),
        new("fsname", "NAME", "What is shown as the source of the mount (the source).",
            (s, v) => v.Length > 0 ? s with { FsName = v } : null),
        new("port", "N", "The master's port, where the source names none (20004).",
            (s, v) => Number(v, 1, 65535) is { } port ? s with { Port = port } : null),
        new("retries", "N", "Attempts to reach the master beyond the first (5).",
            (s, v) => Number(v, 0, 1_000_000) is { } retries ? s with { Retries = retries } : null),
        new("retry", "MINUTES", "How long to go on with such attempts (0; with bg 10000).",
            (s, v) => Number(v, 0, 1_000_000) is { } minutes ? s with { Retry = TimeSpan.FromMinutes(minutes) } : null),
        new("bg", null, "When the master cannot be reached, go on in the background.", (s, _) => s with { Background = true }),
        new("fg", null, "The opposite of bg (this is the default).", (s, _) => s with { Background = false }),
        new("share", "yes|no", "Whether this node serves others what it has (yes).",
            (s, v) => v is "yes" or "no" ? s with { Share = v == "yes" } : null),
        new("bind", "ADDR[:PORT]", "Where it serves them (all addresses, any free port).",
            (s, v) => IPEndPoint.TryParse(v, out IPEndPoint? bind) ? s with { Bind = bind } : null),
        new("serve_port", "N", "The port on which it serves them, so that a firewall can let it in (any free one).",
            (s, v) => Number(v, 1, 65535) is { } port ? s with { ServePort = port } : null),
        new("advertise", "ADDR", "Reach the master from this local address, by which it will name this node to others.",
            (s, v) => IPAddress.TryParse(v, out IPAddress? address) ? s with { Advertise = address } : null),
        new("name", "NAME", "This node's name in the logs and the tree (the host's).",
            (s, v) => v.Length > 0 ? s with { Name = v } : null),
        new("noallow_other", null, "root only: nobody else may enter.", (s, _) => s with { AllowOther = false }),
        new("allow_suid", null, "Set-user-id programs and capabilities work, as in a root file system; else nosuid.", (s, _) => s with { AllowSuid = true }),
        new("allow_dev", null, "Device nodes work, as in a root file system; else nodev.", (s, _) => s with { AllowDev = true }),
        new("log", "FILE", "Log into this file; the master's log has all that matters anyway.",
            (s, v) => v.Length > 0 ? s with { LogFile = Path.GetFullPath(v) } : null),
        new("log_level", "LEVEL", "Least level that is logged: Verbose, Debug, Information, Warning, Error or Fatal.",
            (s, v) => LevelOf(v) is { } level ? s with { LogLevel = level } : null),
        new("msize", "BYTES", "The largest 9P message.",
            (s, v) => Number(v, 4096, 16 << 20) is { } msize ? s with { Msize = msize } : null),
    ];

    /// <summary>The settings with the word heeded; null when it is not one of these.</summary>
    /// <exception cref="UserException">Its value is wrong.</exception>
    internal static MountSettings? Apply(MountSettings settings, string word)
    {
        int equals = word.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 ? word : word[..equals];
        string? value = equals < 0 ? null : word[(equals + 1)..].Trim('"');
        if (name is "max_level" or "stripes" or "max_connections")
            throw new UserException($"{name} is the master's to choose (xget --{name.Replace('_', '-')})", MountExit.Usage);
        foreach (OwnOption option in All)
        {
            if (option.Name != name)
                continue;
            if (value is null != option.Value is null)
                throw new UserException($"mount option {name} takes {option.Value ?? "no value"}", MountExit.Usage);
            return option.Set(settings, value ?? "")
                ?? throw new UserException($"mount option {word}: not {option.Value}", MountExit.Usage);
        }
        return null;
    }

    /// <summary>All of them, a line or two each.</summary>
    internal static string HelpText()
    {
        const int Column = 26;
        var text = new StringBuilder();
        foreach (OwnOption option in All)
            text.Append("    ").Append((option.Value is null ? option.Name : $"{option.Name}={option.Value}").PadRight(Column)).Append(' ').Append(option.Help).Append('\n');
        return text.ToString();
    }

    private static Prefetch? PrefetchOf(string text) => text switch
    {
        "file" => Xget.Mount.Prefetch.File,
        "window" => Xget.Mount.Prefetch.Window,
        "none" => Xget.Mount.Prefetch.None,
        _ => null,
    };

    private static LogEventLevel? LevelOf(string text) =>
        !char.IsAsciiLetter(text.Length > 0 ? text[0] : ' ') ? null
        : Enum.TryParse(text, ignoreCase: true, out LogEventLevel level) ? level : null;

    private static uint? Id(string text) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint id) && id != uint.MaxValue ? id : null;

    private static uint? Octal(string text)
    {
        const int MostDigits = 4;
        const uint Permissions = 0x1ff; // 0777
        uint number = 0;
        foreach (char digit in text)
        {
            if (digit is < '0' or > '7')
                return null;
            number = number * 8 + (uint)(digit - '0');
        }
        return text.Length is > 0 and <= MostDigits && number <= Permissions ? number : null;
    }

    private static TimeSpan? Seconds(string text) => Number(text, 1, Day) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    private static int? Number(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most ? number : null;
}
