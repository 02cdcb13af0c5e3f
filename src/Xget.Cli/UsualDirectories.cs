namespace Xget.Cli;

/// <summary>
/// Where the program keeps what is its own when its user names no place: never a relative name, which would be in the directory that is
/// served. Null where there is no such place.
/// </summary>
internal static class UsualDirectories
{
    /// <summary>A master's state.</summary>
    /// <param name="isRoot">Whether the process is privileged.</param>
    /// <param name="environment">The value of a variable.</param>
    /// <param name="home">The user's home directory; null if there is none.</param>
    internal static string? State(bool isRoot, Func<string, string?> environment, string? home) =>
        isRoot ? "/var/lib/xget" : Below(environment("XDG_DATA_HOME"), home, ".local/share") is { } data ? Path.Combine(data, "xget") : null;

    /// <summary>The directory in which an ordinary user's programs have their caches.</summary>
    internal static string? Caches(Func<string, string?> environment, string? home) => Below(environment("XDG_CACHE_HOME"), home, ".cache");

    /// <summary>The user's home directory, from the environment or, as mount(8) clears that, from the user's entry in passwd.</summary>
    internal static string? Home()
    {
        if (Environment.GetEnvironmentVariable("HOME") is { Length: > 0 } named)
            return Directory.Exists(named) ? named : null;
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return home is "" or "/" ? null : home; // the framework's word for none is "/"
    }

    private static string? Below(string? named, string? home, string inHome) =>
        Fit(named) ?? (Fit(home) is { } fit ? Path.Combine(fit, inHome) : null);

    /// <summary>A relative name is no place, nor is one that is not UTF-8: its text names another.</summary>
    private static string? Fit(string? path) =>
        path is not null && Path.IsPathRooted(path) && !path.Contains('\ufffd', StringComparison.Ordinal) ? path : null;
}
