namespace Xget.Cluster.Tests.Mounted;

/// <summary>
/// How large the scenarios of the mount are: small enough to run with every build, or, with the environment variable
/// XGET_FULL=1, of full size (<c>tests/mount-full</c>).
/// </summary>
internal static class MountSizes
{
    private static readonly bool Full = Environment.GetEnvironmentVariable("XGET_FULL") == "1";

    /// <summary>Nodes that copy from their mounts at the same time.</summary>
    public static readonly int Nodes = Full ? 8 : 6;

    /// <summary>Real files that they copy.</summary>
    public static readonly int RealFiles = Full ? 20_000 : 5000;

    /// <summary>Bytes of the image that they copy.</summary>
    public static readonly int Image = Full ? 1 << 30 : 256 << 20;

    /// <summary>Mounts that come and go.</summary>
    public static readonly int Cycles = Full ? 200 : 50;

    /// <summary>Programs that read one file at the same time.</summary>
    public static readonly int Readers = Full ? 100 : 50;

    /// <summary>Bytes of the file that they read.</summary>
    public static readonly int ReadFile = Full ? 128 << 20 : 24 << 20;

    /// <summary>Bytes of the file whose every block is verified.</summary>
    public static readonly int VerifiedFile = Full ? 1 << 30 : 256 << 20;

    /// <summary>Blocks that each job verifies in random order.</summary>
    public static readonly int RandomBlocks = Full ? (1 << 30) / 4096 : 12_000;

    /// <summary>Generations that are published by a signal.</summary>
    public static readonly int Signals = Full ? 200 : 12;

    /// <summary>What each stressor does, in its own units.</summary>
    public static readonly int StressorRounds = Full ? 3000 : 200;

    /// <summary>How long one script may take.</summary>
    public static readonly TimeSpan ScriptDeadline = TimeSpan.FromMinutes(Full ? 15 : 3);
}
