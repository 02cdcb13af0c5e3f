using Mono.Unix.Native;
using Xunit;

namespace Xget.Lab;

/// <summary>
/// What a test needs of the machine. A missing thing skips the test and names it; with the environment variable
/// CI=true it fails the test instead, so that nothing is left out unnoticed.
/// </summary>
public static class Prerequisite
{
    private static readonly string[] SearchPath =
        [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), "/usr/sbin", "/sbin"];

    /// <summary>Root, for namespaces, device nodes and other owners.</summary>
    public static void Root() => Need(Syscall.geteuid() == 0, "root");

    /// <summary>The native program (<see cref="XgetProgram"/>).</summary>
    public static void Xget() =>
        Need(File.Exists(XgetProgram.Path), $"{XgetProgram.Path} (packaging/build-native artifacts/native, or XGET=...)");

    /// <summary>These commands; tests/prepare installs all that the tests use.</summary>
    public static void Commands(params string[] names)
    {
        foreach (string name in names)
        {
            Need(SearchPath.Any(d => File.Exists(Path.Combine(d, name))), $"the command {name} (tests/prepare)");
        }
    }

    private static void Need(bool present, string what)
    {
        if (present)
        {
            return;
        }

        if (Environment.GetEnvironmentVariable("CI") == "true")
        {
            throw new InvalidOperationException($"this test needs {what}");
        }

        Skip.If(true, $"needs {what}");
    }
}
