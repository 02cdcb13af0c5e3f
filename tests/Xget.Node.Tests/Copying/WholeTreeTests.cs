using Xget.Lab;
using Xget.Node.Copying;
using Xget.Node.Fetching;

namespace Xget.Node.Tests.Copying;

/// <summary>Everything that can be in a tree, copied, and compared by other programs' means.</summary>
public sealed class WholeTreeTests : CopyTests
{
    private void MakeEverything()
    {
        Source.Add("large", Files.Random(1_000_000, 1));
        Source.Add("large-again", Files.Random(1_000_000, 1));
        Source.Add("sub/deep/er/small", [1, 2, 3]);
        for (int i = 0; i < 50; i++)
            Source.Add($"many/file{i}", Files.Random(i * 997, i));
        Source.Add("many/file-same", Files.Random(20 * 997, 20));
        Directory.CreateDirectory(Source["empty-directory"]);
        Source.Add("hard1", Files.Random(5000, 3));
        Source.Add("sub/program", [0x7f]);
        // By the shell, since names are any bytes.
        Command.Run("sh", "-c",
            """
            cd "$1"
            ln hard1 sub/hard2
            ln large sub/large-link
            ln -s ../large sub/link
            ln -s /nowhere/at/all dangling
            mkfifo -m 640 fifo
            truncate -s 3M sparse && printf x | dd of=sparse bs=1 seek=2000000 conv=notrunc status=none
            : > "$(printf 'name\n\tof \377\376 bytes')"
            printf odd > "$(printf 'back\\slash "quoted" \303\244')"
            printf dot > .hidden
            chmod 750 sub; chmod 4755 sub/program; chmod 400 .hidden; chmod 555 empty-directory
            touch -d '2001-02-03 04:05:06.123456789' large sub/deep; touch -h -d '1999-01-01 00:00:00.5' sub/link
            setfattr -n user.colour -v blue large
            setfattr -n user.empty large
            setfattr -n user.place -v here sub
            if [ "$(id -u)" = 0 ]; then mknod null c 1 3; mknod disk b 7 300; chown 1234:5678 hard1; chown -h 42:43 sub/link; fi
            """,
            "sh", Source.Root);
    }

    [SkippableFact]
    public async Task A_tree_of_everything_is_the_same_afterwards()
    {
        Prerequisite.Commands("getfattr", "setfattr", "mkfifo", "diff", "find", "stat");
        MakeEverything();
        await using TestCluster cluster = await ServeAsync();
        (CopyResult result, _) = await CopyAsync(cluster);
        TreeWitness.ExpectSame(Source.Root, Destination());
        Assert.Equal(cluster.Generation.Files, result.Files);
        Assert.Equal((ulong)cluster.Generation.Bytes, result.Bytes);
        Assert.Equal(0, result.Skipped);
    }

    [SkippableFact]
    public async Task A_second_run_moves_no_file_bytes_and_changes_nothing()
    {
        Prerequisite.Commands("getfattr", "setfattr", "mkfifo", "diff", "find", "stat");
        MakeEverything();
        await using TestCluster cluster = await ServeAsync();
        await CopyAsync(cluster);
        string before = Command.Run("find", Destination(), "-printf", "%p %i %C@\n");
        long served = await cluster.StatAsync("bytes-served");
        (_, Counters moved) = await CopyAsync(cluster);
        TreeWitness.ExpectSame(Source.Root, Destination());
        // Directory objects only.
        Assert.InRange(moved.FromMaster + moved.FromWorkers, 0, 20_000);
        Assert.InRange(await cluster.StatAsync("bytes-served") - served, 0, 20_000);
        string after = Command.Run("find", Destination(), "-type", "f", "-printf", "%p %i %C@\n");
        Assert.All(after.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Contains(line + "\n", before, StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Several_nodes_copy_at_once_and_all_have_the_same()
    {
        Prerequisite.Commands("getfattr", "setfattr", "mkfifo", "diff", "find", "stat");
        MakeEverything();
        await using TestCluster cluster = await ServeAsync();
        RunningNode[] nodes = await Task.WhenAll(Enumerable.Range(1, 4).Select(i => cluster.StartNodeAsync($"node{i}")));
        List<Content.Store.Destination> destinations = [.. nodes.Select(n => Open(n.Name))];
        await Until.DoneAsync(Task.WhenAll(nodes.Select((n, i) => JobOf(n, destinations[i]).RunAsync(["."], default))));
        foreach (RunningNode node in nodes)
        {
            TreeWitness.ExpectSame(Source.Root, Destination(node.Name));
            await Until.DoneAsync(node.DisposeAsync().AsTask());
        }
        destinations.ForEach(d => d.Dispose());
        Assert.InRange(await cluster.StatAsync("bytes-served"), 1_000_000, 2 * cluster.Generation.Bytes);
    }

    [Fact]
    public async Task An_empty_tree_is_an_empty_directory()
    {
        await using TestCluster cluster = await ServeAsync();
        (CopyResult result, _) = await CopyAsync(cluster);
        Assert.Equal((0, 0UL, 0), (result.Files, result.Bytes, result.Skipped));
        Assert.Empty(Directory.GetFileSystemEntries(Destination()));
    }
}
