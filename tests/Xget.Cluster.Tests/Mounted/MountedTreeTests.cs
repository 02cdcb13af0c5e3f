using Xget.Lab;
using Xunit.Abstractions;

namespace Xget.Cluster.Tests.Mounted;

/// <summary>A real tree with everything that a file system can hold, read by six mounts at once.</summary>
public sealed class MountedTreeTests(ITestOutputHelper output)
{
    private const int Nodes = 6;
    private const int RealFiles = 5000;
    private const int LargeFile = 256 << 20;
    private const int MostCopiesFromMaster = 3;

    private const string CopyByCp = """cp -a "$1" "$2" """;
    private const string CopyByTar =
        """
        mkdir "$2"
        tar -C "$1" --format=posix --xattrs --xattrs-include='*' -cf - . | tar -C "$2" --xattrs --xattrs-include='*' -xpf -
        """;

    [SkippableFact]
    public async Task Six_nodes_that_copy_from_their_mounts_at_once_have_identical_trees_and_the_master_sends_at_most_three_copies()
    {
        using var lab = new MountLab(Nodes, null, "tar");
        Assert.InRange(SampleTree.AddRealFiles(lab.Tree, RealFiles), RealFiles, int.MaxValue);
        SampleTree.AddSpecials(lab.Scratch["tree/specials"]);
        await lab.StartMasterAsync();
        MountedNode[] mounts = await lab.MountAllAsync();

        await CopyEverywhereAsync(lab, mounts, "tree");

        // The large one alone, so that the interface's counter speaks of it alone.
        lab.Scratch.RandomFile("tree/large/image", LargeFile);
        lab.Publish();
        foreach (MountedNode mount in mounts)
        {
            await lab.RunAsync("""until [[ -e $1 ]]; do sleep 0.1; done""", mount["large/image"]);
        }

        long before = lab.MasterSent;
        await CopyEverywhereAsync(lab, mounts, "large");
        double copies = (double)(lab.MasterSent - before) / LargeFile;
        output.WriteLine($"{LargeFile} bytes to {Nodes} mounts: the master sent {copies:F2} copies");
        Assert.InRange(copies, 1, MostCopiesFromMaster);
        MountWitness.ExpectSame(lab.Tree, mounts[0].Directory);
    }

    // Every second node by tar, the others by cp.
    private static async Task CopyEverywhereAsync(MountLab lab, MountedNode[] mounts, string part)
    {
        string from = part == "tree" ? "." : part;
        string To(int i) => lab.Scratch[$"copy-{part}-{i}"];
        await Task.WhenAll(mounts.Select((m, i) => lab.RunAsync(i % 2 == 0 ? CopyByCp : CopyByTar, m[from], To(i))));
        for (int i = 0; i < mounts.Length; i++)
        {
            MountWitness.ExpectSame(Path.Combine(lab.Tree, from), To(i));
            await lab.RunAsync("""rm -rf "$1" """, To(i));
        }
    }
}
