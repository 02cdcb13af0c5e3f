using Mono.Unix.Native;

namespace Xget.Content.Tests;

/// <summary>What a test cannot do without: it is skipped where that is missing, but fails with CI=true.</summary>
internal static class Prerequisite
{
    public static void Root() => Or("root", Syscall.geteuid() == 0);

    public static void Directory(string path) => Or(path, System.IO.Directory.Exists(path));

    public static void Program(string name) =>
        Or(name, Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, name))));

    public static void Or(string what, bool isThere)
    {
        if (isThere)
            return;
        Assert.False(Environment.GetEnvironmentVariable("CI") == "true", $"needs {what}");
        Skip.If(true, $"needs {what}");
    }
}
