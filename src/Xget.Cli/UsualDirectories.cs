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
    internal static string? State(bool isRoot, Func<string, string?> environment) =>
        isRoot ? "/var/lib/xget" : Below(environment, "XDG_DATA_HOME", ".local/share") is { } data ? Path.Combine(data, "xget") : null;

    /// <summary>The directory in which an ordinary user's programs have their caches.</summary>
    internal static string? Caches(Func<string, string?> environment) => Below(environment, "XDG_CACHE_HOME", ".cache");

    private static string? Below(Func<string, string?> environment, string variable, string inHome)
    {
        if (Fit(environment(variable)) is { } named)
            return named;
        return Fit(environment("HOME")) is { } home ? Path.Combine(home, inHome) : null;
    }

    /// <summary>A relative name is no place, nor is one that is not UTF-8: its text names another.</summary>
    private static string? Fit(string? path) =>
        path is not null && Path.IsPathRooted(path) && !path.Contains('\ufffd', StringComparison.Ordinal) ? path : null;
}
