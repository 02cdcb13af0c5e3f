using Xget.Lab;

namespace Xget.Cluster.Tests;

/// <summary>Trouble at either end of the wire: a destination that is full, a source that changes.</summary>
public sealed class StorageTests
{
    private const int Size = 30_000_000;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [SkippableFact]
    public async Task A_destination_that_fills_up_is_one_clear_line_and_with_more_room_the_copy_resumes()
    {
        using var cluster = new Cluster(1);
        cluster.Scratch.RandomFile("tree/large", Size);
        await cluster.StartMasterAsync();
        Directory.CreateDirectory(cluster.Destination(1));
        Command.Run("mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", cluster.Destination(1));

        Child full = cluster.StartCopy(1);
        await full.ExpectExitAsync(1, Deadline);
        string line = Assert.Single(full.Errors.Split('\n'), l => l.StartsWith("xget: ", StringComparison.Ordinal));
        Assert.Contains("no space left", line, StringComparison.OrdinalIgnoreCase);
        Assert.False(File.Exists(Path.Combine(cluster.Destination(1), "large")));

        Command.Run("mount", "-o", "remount,size=80m", cluster.Destination(1));
        Child again = cluster.StartCopy(1);
        await again.ExpectExitAsync(0, Deadline);
        TreeWitness.ExpectSame(cluster.Tree, cluster.Destination(1));
        CopySummary summary = CopySummary.Find(again.Output)!;
        Assert.InRange(summary.Moved, 1, Size - (Size / 10));
    }

    [SkippableFact]
    public async Task A_full_destination_of_one_node_does_not_keep_its_children_from_ending()
    {
        using var cluster = new Cluster(4, rateMbit: 100);
        cluster.Scratch.RandomFile("tree/large", Size);
        await cluster.StartMasterAsync();
        Directory.CreateDirectory(cluster.Destination(1));
        Command.Run("mount", "-t", "tmpfs", "-o", "size=10m", "tmpfs", cluster.Destination(1));

        Child full = cluster.StartCopy(1);
        await cluster.ReportAsync(r => r.Routes.Any(IsLarge), Deadline);
        List<Child> others = [.. Enumerable.Range(2, 3).Select(i => cluster.StartCopy(i))];

        await full.ExpectExitAsync(1, Deadline);
        for (int i = 0; i < others.Count; i++)
        {
            await others[i].ExpectExitAsync(0, Deadline);
            TreeWitness.ExpectSame(cluster.Tree, cluster.Destination(i + 2));
        }
    }

    [SkippableTheory]
    [InlineData("printf CHANGED | dd of=large bs=1 seek=29000000 conv=notrunc status=none")]
    [InlineData("truncate -s 1000 large")]
    [InlineData("cp large other; printf X | dd of=other bs=1 seek=29000000 conv=notrunc status=none; mv other large")]
    public async Task A_file_that_changes_while_it_is_served_is_a_clear_error_and_never_a_mixture(string change)
    {
        using var cluster = new Cluster(2, rateMbit: 100);
        cluster.Scratch.RandomFile("tree/large", Size);
        cluster.Scratch.RandomFile("tree/unchanged", 200_000, 2);
        MasterProcess master = await cluster.StartMasterAsync();

        Dictionary<int, Child> copies = cluster.StartCopies("--retries", "2", "--stall", "2");
        await cluster.ReportAsync(r => r.Routes.Any(x => IsLarge(x) && x.Progress is > 0.05 and < 0.7), Deadline);
        Command.Run("sh", "-ec", "cd \"$1\"; " + change, "sh", cluster.Tree);

        foreach ((int client, Child copy) in copies)
        {
            await copy.ExpectExitAsync(1, Deadline);
            string[] lines = [.. copy.Errors.Split('\n').Where(l => l.StartsWith("xget: ", StringComparison.Ordinal))];
            Assert.Equal(2, lines.Length);
            Assert.StartsWith("xget: large: changed", lines[0], StringComparison.Ordinal);
            Assert.EndsWith("1 entry could not be copied", lines[1], StringComparison.Ordinal);
            Assert.False(File.Exists(Path.Combine(cluster.Destination(client), "large")));
        }

        Assert.Contains("large", master.Process.Errors, StringComparison.Ordinal);
    }

    private static bool IsLarge(TreeRoute route) => route.Content.EndsWith("large", StringComparison.Ordinal);
}
