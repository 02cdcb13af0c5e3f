using Xget.Lab;
using Xunit.Abstractions;

namespace Xget.Cluster.Tests.Mounted;

/// <summary>A real tree with everything that a file system can hold, and a large image, read by many mounts at once.</summary>
public sealed class MountedTreeTests(ITestOutputHelper output)
{
    private const int MostCopiesFromMaster = 3;
    private const double MostCopiesOfPieces = 1.5;
    private const int Readers = 10;
    private const int Piece = 1 << 20;
    private static readonly int Nodes = MountSizes.Nodes;

    private const string CompareMegabytes =
        """for at in $3; do cmp <(dd if="$1" bs=1M skip=$at count=1 status=none) <(dd if="$2" bs=1M skip=$at count=1 status=none); done""";

    private const string CopyByCp = """cp -a "$1" "$2" """;
    private const string CopyByTar =
        """
        mkdir "$2"
        tar -C "$1" --format=posix --xattrs --xattrs-include='*' -cf - . | tar -C "$2" --xattrs --xattrs-include='*' -xpf -
        """;

    [SkippableFact]
    public async Task Nodes_that_copy_a_real_tree_from_their_mounts_at_once_have_identical_trees()
    {
        using var lab = new MountLab(Nodes, null, "tar");
        int files = SampleTree.AddRealFiles(lab.Tree, MountSizes.RealFiles);
        Assert.InRange(files, MountSizes.RealFiles, int.MaxValue);
        SampleTree.AddSpecials(lab.Scratch["tree/specials"]);
        await lab.StartMasterAsync();
        MountedNode[] mounts = await lab.MountAllAsync();

        TimeSpan took = await CopyEverywhereAsync(lab, mounts);

        output.WriteLine($"{files} files to {Nodes} mounts, each by cp -a or tar: {took.TotalSeconds:F1} s, all identical");
    }

    [SkippableFact]
    public async Task Nodes_that_copy_an_image_from_their_mounts_at_once_cost_the_master_at_most_three_copies()
    {
        using var lab = new MountLab(Nodes, null, "tar");
        lab.Scratch.RandomFile("tree/image", MountSizes.Image);
        await lab.StartMasterAsync();
        MountedNode[] mounts = await lab.MountAllAsync();

        long before = lab.MasterSent;
        TimeSpan took = await CopyEverywhereAsync(lab, mounts);

        double copies = (double)(lab.MasterSent - before) / MountSizes.Image;
        output.WriteLine($"{MountSizes.Image} bytes to {Nodes} mounts, each by cp -a or tar: {took.TotalSeconds:F1} s, "
            + $"all identical; the master sent {copies:F2} copies");
        Assert.InRange(copies, 1, MostCopiesFromMaster);
    }

    [SkippableFact]
    public async Task Nodes_that_read_the_same_twentieth_of_an_image_each_in_its_own_order_cost_the_master_about_one_copy_of_it()
    {
        using var lab = new MountLab(Readers);
        string image = lab.Scratch.RandomFile("tree/image", MountSizes.Image);
        await lab.StartMasterAsync();
        MountedNode[] mounts = await lab.MountAllAsync("prefetch=none");
        var random = new Random(5);
        int[] pieces = [.. Enumerable.Range(0, MountSizes.Image / Piece).OrderBy(_ => random.Next()).Take(MountSizes.Image / Piece / 20)];

        long before = lab.MasterSent;
        await Task.WhenAll(mounts.Select(m =>
        {
            random.Shuffle(pieces);
            return lab.RunAsync(CompareMegabytes, image, m["image"], string.Join(' ', pieces));
        }));

        double copies = (lab.MasterSent - before) / ((double)pieces.Length * Piece);
        output.WriteLine($"{Readers} mounts read {pieces.Length} MiB of {MountSizes.Image >> 20}: the master sent {copies:F2} copies of them");
        Assert.InRange(copies, 1, MostCopiesOfPieces);
    }

    // Every second node by tar, the others by cp; how long that took until the last one was done.
    private static async Task<TimeSpan> CopyEverywhereAsync(MountLab lab, MountedNode[] mounts)
    {
        string To(int i) => lab.Scratch[$"copy-{i}"];
        long started = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(mounts.Select((m, i) => lab.RunAsync(i % 2 == 0 ? CopyByCp : CopyByTar, m.Directory, To(i))));
        TimeSpan took = TimeProvider.System.GetElapsedTime(started);
        for (int i = 0; i < mounts.Length; i++)
        {
            MountWitness.ExpectSame(lab.Tree, To(i));
            await lab.RunAsync("""rm -rf "$1" """, To(i));
        }

        MountWitness.ExpectSame(lab.Tree, mounts[0].Directory);
        return took;
    }
}
