namespace Xget.Lab;

/// <summary>The program under test: the native binary artifacts/native/xget, or what XGET names.</summary>
public static class XgetProgram
{
    /// <summary>Absolute path; the file may be missing (<see cref="Prerequisite.Xget"/>).</summary>
    public static string Path { get; } = Find();

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("XGET") is { Length: > 0 } named)
        {
            return System.IO.Path.GetFullPath(named);
        }

        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(System.IO.Path.Combine(at.FullName, "Xget.sln")))
        {
            at = at.Parent;
        }

        return System.IO.Path.Combine(at?.FullName ?? "/", "artifacts/native/xget");
    }
}
