namespace Xget.Node.Copying;

/// <summary>What a copy leaves out, and what it may take. Immutable.</summary>
public sealed record CopyOptions
{
    /// <summary>Leave device nodes out.</summary>
    public bool NoDevices { get; init; }

    /// <summary>Clear the setuid and setgid bits of files, and leave file capabilities out.</summary>
    public bool NoSetuid { get; init; }

    /// <summary>
    /// Symlinks, devices, fifos and sockets are no error where the destination's file system has none: the result names them.
    /// </summary>
    public bool MayLackTypes { get; init; }

    /// <summary>How large the plan may be.</summary>
    public PlanLimits Limits { get; init; } = new();
}
