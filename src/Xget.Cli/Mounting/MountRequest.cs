namespace Xget.Cli.Mounting;

/// <summary>One mount command, however it was called.</summary>
internal sealed record MountRequest
{
    /// <summary>What is mounted, as written.</summary>
    internal required string Source { get; init; }

    /// <summary>The mount point, absolute.</summary>
    internal required string Directory { get; init; }

    /// <summary>The words after -o, joined by commas.</summary>
    internal string Options { get; init; } = "";

    /// <summary>-s: unknown options are ignored.</summary>
    internal bool Sloppy { get; init; }

    /// <summary>-v: progress on stderr.</summary>
    internal bool Verbose { get; init; }

    /// <summary>mount(8)'s -f: everything but the mount.</summary>
    internal bool Fake { get; init; }

    /// <summary>-f of <c>xget mount</c>: this process serves the mount.</summary>
    internal bool Foreground { get; init; }

    /// <summary>This process is the daemon that <see cref="Launcher"/> has started.</summary>
    internal bool Daemon { get; init; }

    /// <summary>
    /// mount(8) calls: it says rw whenever the user did not say ro, so rw means nothing.
    /// </summary>
    internal bool FromMount { get; init; }
}
