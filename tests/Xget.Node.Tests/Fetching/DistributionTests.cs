using Mono.Unix.Native;
using Xget.Content.Store;
using Xget.Lab;
using Xget.Node.Fetching;

namespace Xget.Node.Tests.Fetching;

/// <summary>Nodes that fetch the same content from one another.</summary>
public sealed class DistributionTests : EngineTests
{
    private const int Nodes = 8;

    private protected override int Size => 8 << 20;

    [Fact]
    public async Task Eight_nodes_with_contents_in_memory_get_the_right_bytes_and_the_master_gives_out_two_copies_at_most()
    {
        RunningNode[] nodes = await Task.WhenAll(Enumerable.Range(1, Nodes).Select(i => Cluster.StartNodeAsync($"node{i}")));
        Transfer[] transfers = [.. nodes.Select(n => n.Fetch(Cluster["img"]))];
        foreach (Transfer transfer in transfers)
        {
            Assert.Null(await Until.DoneAsync(transfer.Finished));
            Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
        }
        await OneCopyAsync(nodes);
    }

    [Fact]
    public async Task Eight_nodes_with_contents_in_files_do_so_too()
    {
        using var files = new Files();
        RunningNode[] nodes = await Task.WhenAll(Enumerable.Range(1, Nodes).Select(i => Cluster.StartNodeAsync($"node{i}")));
        List<Destination> destinations = [];
        List<Transfer> transfers = [];
        foreach (RunningNode node in nodes)
        {
            Assert.Equal((Errno)0, Destination.Open(files[node.Name], new DestinationOptions(), out Destination? destination));
            destinations.Add(destination!);
            transfers.Add(node.Fetch(Cluster["img"], async (table, ct) => await destination!.Partial.OpenAsync(table, ct)));
        }
        foreach (Transfer transfer in transfers)
        {
            Assert.Null(await Until.DoneAsync(transfer.Finished));
            Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
        }
        await OneCopyAsync(nodes);
        foreach (RunningNode node in nodes)
        {
            string file = Assert.Single(Directory.GetFiles(files[node.Name], Cluster["img"].Data.Content + "*", SearchOption.AllDirectories));
            Command.Run("cmp", file, Path.Combine(Source, "img"));
        }
        destinations.ForEach(d => d.Dispose());
    }

    private async Task OneCopyAsync(RunningNode[] nodes)
    {
        Assert.InRange(await Cluster.StatAsync("bytes-served"), Size, 2 * Size);
        Assert.Equal((long)Nodes * Size, nodes.Sum(n => n.Node.Counters.FromMaster + n.Node.Counters.FromWorkers));
        Assert.InRange(nodes.Sum(n => n.Node.Counters.FromMaster), Size, 2 * Size);
        Assert.Equal(0, nodes.Sum(n => n.Node.Counters.Retries));
        // Routes are given back; all go on as workers that need nobody.
        await Until.TrueAsync(async () => await Cluster.StatAsync("routes-held") == 0);
        Assert.All((await Cluster.TreeAsync(Cluster["img"]))!.Routes, r => Assert.Equal((null, (ulong)Size), (r.Parent, r.Have)));
    }

    [Fact]
    public async Task Who_comes_when_all_is_there_reads_from_a_worker()
    {
        await using RunningNode first = await Cluster.StartNodeAsync("node1");
        Assert.Null(await Until.DoneAsync(first.Fetch(Cluster["img"]).Finished));
        await Until.TrueAsync(async () => await Cluster.StatAsync("routes-held") == 0);
        await using RunningNode second = await Cluster.StartNodeAsync("node2");
        Assert.Null(await Until.DoneAsync(second.Fetch(Cluster["img"]).Finished));
        Assert.Equal((0, Size), (second.Node.Counters.FromMaster, second.Node.Counters.FromWorkers));
        Assert.Equal(Size, first.Node.Counters.ToOthers);
    }

    [Fact]
    public async Task A_node_that_does_not_share_gets_its_bytes_and_is_nobodys_parent()
    {
        await using RunningNode first = await Cluster.StartNodeAsync("node1", o => o with { Share = false });
        Assert.Null(await Until.DoneAsync(first.Fetch(Cluster["img"]).Finished));
        Assert.Equal(0, await Cluster.StatAsync("workers"));
        await using RunningNode second = await Cluster.StartNodeAsync("node2");
        Assert.Null(await Until.DoneAsync(second.Fetch(Cluster["img"]).Finished));
        Assert.Equal(Size, second.Node.Counters.FromMaster);
    }

    [Fact]
    public async Task A_content_that_is_there_already_is_served_at_once_and_read_by_nobody_from_the_master()
    {
        await using RunningNode warm = await Cluster.StartNodeAsync("warm");
        Content.ChunkTable table = Cluster.Generation.Find(Cluster["img"].Data.Content)!.Table;
        Transfer transfer = warm.Node.Fetch(table.Content, table.Size, "img", (t, _) =>
        {
            var store = new MemoryContent(t);
            for (int i = 0; i < t.Count; i++)
                store.Write(i, Img.AsSpan((int)t.OffsetOf(i), t.LengthOf(i)));
            return Task.FromResult<(Errno, StoredContent?)>((0, store));
        }, table);
        Assert.Null(await Until.DoneAsync(transfer.Finished));
        await Until.TrueAsync(async () => (await Cluster.TreeAsync(Cluster["img"]))?.Routes.SingleOrDefault() is { Parent: null, Address: not null, Have: > 0 });
        await using RunningNode node = await Cluster.StartNodeAsync("node1");
        Assert.Null(await Until.DoneAsync(node.Fetch(Cluster["img"]).Finished));
        Assert.Equal(0, await Cluster.StatAsync("bytes-served"));
    }
}
