using Xget.Cli.Mounting;
using Xget.Lab;

namespace Xget.Cluster.Tests;

/// <summary>What is written about the mount's options.</summary>
public sealed class MountHelpTests
{
    [SkippableFact]
    public void Each_option_is_in_the_help_and_in_the_man_page()
    {
        Prerequisite.Xget();
        string help = Command.Run(XgetProgram.Path, "mount", "--help");
        string page = File.ReadAllText(MountSite.Packaging("mount.fuse.xget.8"));
        Assert.All(OwnOption.All, option =>
        {
            Assert.Contains(option.Value is null ? $"  {option.Name} " : $" {option.Name}={option.Value} ", help, StringComparison.Ordinal);
            Assert.Contains($" {option.Name}{(option.Value is null ? "" : "=")}", page, StringComparison.Ordinal);
        });
    }
}
