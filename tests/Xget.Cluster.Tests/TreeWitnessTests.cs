using Xget.Lab;

namespace Xget.Cluster.Tests;

/// <summary>The witness itself: an exact copy passes, and each kind of difference is seen.</summary>
public sealed class TreeWitnessTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [SkippableFact]
    public void An_exact_copy_passes()
    {
        (string original, string copy) = TwoTrees();
        TreeWitness.ExpectSame(original, copy);
    }

    [SkippableTheory]
    [InlineData("bytes", "printf X | dd of=names/A conv=notrunc status=none; touch -r \"$1/names/A\" names/A")]
    [InlineData("a missing file", "rm names/A")]
    [InlineData("a file too many", ": >names/extra")]
    [InlineData("a mode", "chmod 4754 modes/suid")]
    [InlineData("an owner", "chown 1235 modes/none")]
    [InlineData("an owner of a link", "chown -h 1 links/dangling")]
    [InlineData("a nanosecond", "touch -d @4102444800.000000002 modes/late")]
    [InlineData("the time of a directory", "touch -d @1 empty")]
    [InlineData("the target of a link", "ln -sfn second links/relative")]
    [InlineData("a hard link", "cp -p --remove-destination links/first links/second")]
    [InlineData("a device number", "rm nodes/null; mknod -m 640 nodes/null c 1 5; chown 3:4 nodes/null")]
    [InlineData("a capability", "setcap cap_net_raw+ep attributes/able")]
    [InlineData("an attribute of a link", "setfattr -h -x trusted.link attributes/link")]
    [InlineData("an empty attribute", "setfattr -x user.empty attributes/user")]
    [InlineData("an empty directory", "rmdir empty/very/empty")]
    [InlineData("holes", "cp -p --sparse=never sparse/islands full; mv full sparse/islands; touch -r \"$1/sparse\" sparse")]
    public void It_sees(string what, string change)
    {
        (string original, string copy) = TwoTrees();
        Command.Run("bash", "-euo", "pipefail", "-c", "cd \"$2\"; " + change, "bash", original, copy);
        Exception seen = Assert.Throws<InvalidOperationException>(() => TreeWitness.ExpectSame(original, copy));
        Assert.StartsWith(copy, seen.Message, StringComparison.Ordinal);
        Assert.NotEmpty(what);
    }

    private (string Original, string Copy) TwoTrees()
    {
        Prerequisite.Root();
        Prerequisite.Commands("find", "diff", "getfattr", "setfattr", "setcap");
        string original = _scratch["original"];
        SampleTree.AddSpecials(original);
        Command.Run("cp", "-a", original, _scratch["copy"]);
        return (original, _scratch["copy"]);
    }
}
