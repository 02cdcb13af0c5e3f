namespace Xget.Fuse.Tests.Mounting;

/// <summary>What a test needs of the machine. Where it is missing the test is skipped, or fails in a CI run.</summary>
internal static class Needs
{
    public static void Mounting()
    {
        Have(File.Exists("/dev/fuse"), "/dev/fuse");
        Have(Privilege.CanMount(), "root");
    }

    public static void Program(string name) =>
        Have(Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(path => File.Exists(Path.Combine(path, name))),
            $"the program {name}");

    public static void Have(bool present, string what)
    {
        if (!present && Environment.GetEnvironmentVariable("CI") == "true")
        {
            Assert.Fail($"this run must have {what}");
        }

        Skip.IfNot(present, $"this machine lacks {what}");
    }
}
