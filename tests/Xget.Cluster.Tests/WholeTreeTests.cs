using Xget.Lab;
using Xunit.Abstractions;

namespace Xget.Cluster.Tests;

/// <summary>A real tree with everything that a file system can hold, copied by twelve nodes at once.</summary>
public sealed class WholeTreeTests(ITestOutputHelper output)
{
    private const int Nodes = 12;
    private const int RealFiles = 5000;
    private const long LargeFile = 300_000_000;
    private const int MostCopiesFromMaster = 3;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    [SkippableFact]
    public async Task Twelve_nodes_have_identical_trees_and_the_master_has_sent_at_most_three_copies()
    {
        using var cluster = new Cluster(Nodes);
        Assert.InRange(SampleTree.AddRealFiles(cluster.Tree, RealFiles), RealFiles, int.MaxValue);
        cluster.Scratch.RandomFile("tree/large", LargeFile);
        SampleTree.AddSpecials(cluster.Scratch["tree/specials"]);
        // Real files at the root that have the names of control files.
        cluster.Scratch.RandomFile("tree/log", 100);
        cluster.Scratch.RandomFile("tree/.xget/objects", 200_000);
        cluster.Scratch.RandomFile("tree/data", 10);
        long copy = AllBytes(cluster.Tree);
        using MasterProcess master = await cluster.StartMasterAsync();
        long before = cluster.MasterSent;

        Dictionary<int, Child> copies = cluster.StartCopies();
        foreach (Child node in copies.Values)
        {
            await node.ExpectExitAsync(0, Deadline);
            Assert.NotNull(CopySummary.Find(node.Output));
        }

        long sent = cluster.MasterSent - before;
        for (int i = 1; i <= Nodes; i++)
        {
            TreeWitness.ExpectSame(cluster.Tree, cluster.Destination(i));
        }

        output.WriteLine($"{copy} bytes to {Nodes} nodes: the master sent {(double)sent / copy:F2} copies");
        Assert.All(copies.Keys, i => Assert.Contains($"node{i}: ", master.Process.Errors, StringComparison.Ordinal));
        Assert.True(sent <= MostCopiesFromMaster * copy, $"the master sent {sent} bytes, {(double)sent / copy:F2} copies");
    }

    [SkippableFact]
    public async Task Copying_again_moves_next_to_nothing_and_a_change_moves_what_has_changed()
    {
        using var cluster = new Cluster(1);
        cluster.Scratch.RandomFile("tree/large", 20_000_000);
        cluster.Scratch.RandomFile("tree/changing", 3_000_000, 2);
        SampleTree.AddSpecials(cluster.Scratch["tree/specials"]);
        MasterProcess master = await cluster.StartMasterAsync();
        await CopyOnceAsync(cluster);

        CopySummary again = await CopyOnceAsync(cluster);
        Assert.InRange(again.Moved, 0, 500_000);

        master.Dispose();
        cluster.Scratch.RandomFile("tree/changing", 3_000_000, 3);
        File.Delete(cluster.Scratch["tree/specials/modes/empty"]);
        Directory.CreateDirectory(cluster.Scratch["tree/specials/new"]);
        await cluster.StartMasterAsync();
        CopySummary changed = await CopyOnceAsync(cluster);

        Assert.InRange(changed.Moved, 3_000_000, 4_000_000);
        Assert.Equal(
            File.ReadAllBytes(cluster.Scratch["tree/changing"]),
            File.ReadAllBytes(Path.Combine(cluster.Destination(1), "changing")));
        Assert.True(Directory.Exists(Path.Combine(cluster.Destination(1), "specials/new")));
    }

    private static async Task<CopySummary> CopyOnceAsync(Cluster cluster)
    {
        using Child copy = cluster.StartCopy(1);
        await copy.ExpectExitAsync(0, Deadline);
        Assert.False(Directory.Exists(Path.Combine(cluster.Destination(1), ".xget-partial")));
        return CopySummary.Find(copy.Output) ?? throw new InvalidOperationException("no summary\n" + copy.Story);
    }

    // Of each inode what is really there: holes are not sent.
    private static long AllBytes(string root) => long.Parse(
        Command.Run("sh", "-c",
            "find \"$1\" -type f -printf '%D:%i %s %b\\n' | sort -u | awk '{b=$3*512; s+=b<$2?b:$2} END {print s}'", "sh", root),
        null);
}
