namespace Xget.Cluster.Tests.Mounted;

/// <summary>What tests of the mount need of the machine beside the commands.</summary>
internal static class MountPrerequisite
{
    /// <summary>/dev/fuse; without it the test is skipped, with CI=true it fails.</summary>
    public static void FuseDevice()
    {
        if (File.Exists("/dev/fuse"))
        {
            return;
        }

        Skip.IfNot(Environment.GetEnvironmentVariable("CI") == "true", "needs /dev/fuse");
        Assert.Fail("this test needs /dev/fuse");
    }
}
