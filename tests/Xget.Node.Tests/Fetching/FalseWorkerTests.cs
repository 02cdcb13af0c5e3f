using Xget.Content;
using Xget.Node.Fetching;
using Xget.Testing;

namespace Xget.Node.Tests.Fetching;

/// <summary>Workers that give out wrong bytes: nobody believes them, nobody stores them, everybody hears of them.</summary>
public sealed class FalseWorkerTests : EngineTests
{
    // Above 8 MiB the chunk table is too long for the master's burst and comes from the parent.
    private protected override int Size => (17 << 20) + 5;

    private ChunkTable Table => Cluster.Generation.Find(Cluster["img"].Data.Content)!.Table;

    private byte[] Damaged(int at)
    {
        byte[] bytes = [.. Img];
        bytes[at] ^= 1;
        return bytes;
    }

    [Fact]
    public async Task One_wrong_bit_is_refused_and_reported_and_the_content_comes_from_elsewhere()
    {
        await using FalseWorker liar = await FalseWorker.AdvertiseAsync(Cluster, Cluster["img"], "liar");
        liar.Serve(Cluster["img"], Damaged(100 * Chunk + 7), Table.Encoded.ToArray());
        await using RunningNode node = await Cluster.StartNodeAsync("node1");
        Transfer transfer = node.Fetch(Cluster["img"]);
        Assert.Null(await Until.DoneAsync(transfer.Finished));
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
        Assert.Equal(1, node.Node.Counters.Retries);
        Assert.True(Cluster.Log.Has("Error", "node1", "wrong bytes", "liar", liar.ToString()));
        Assert.True(node.Log.Has("Error", "wrong bytes", liar.ToString()));
    }

    [Fact]
    public async Task Of_many_nodes_that_meet_a_liar_none_stores_a_wrong_byte()
    {
        await using FalseWorker liar = await FalseWorker.AdvertiseAsync(Cluster, Cluster["img"], "liar");
        TestFile data = liar.Serve(Cluster["img"], new byte[Size], Table.Encoded.ToArray());
        RunningNode[] nodes = await Task.WhenAll(Enumerable.Range(1, 5).Select(i => Cluster.StartNodeAsync($"node{i}")));
        foreach (Transfer transfer in nodes.Select(n => n.Fetch(Cluster["img"])).ToArray())
        {
            Assert.Null(await Until.DoneAsync(transfer.Finished));
            Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
        }
        await Until.TrueAsync(() => data.Leases == 0);
        Assert.InRange(nodes.Sum(n => n.Node.Counters.Retries), 1, 5);
    }

    [Fact]
    public async Task A_short_content_is_refused()
    {
        await using FalseWorker liar = await FalseWorker.AdvertiseAsync(Cluster, Cluster["img"], "liar");
        liar.Serve(Cluster["img"], Img[..(Size / 2)], Table.Encoded.ToArray());
        await using RunningNode node = await Cluster.StartNodeAsync("node1");
        Transfer transfer = node.Fetch(Cluster["img"]);
        Assert.Null(await Until.DoneAsync(transfer.Finished));
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
    }

    [Fact]
    public async Task The_chunk_table_of_a_large_content_comes_from_the_parent()
    {
        List<string> trace = [];
        using var files = new Files();
        files.Add("img", Img);
        await using TestCluster traced = await TestCluster.ServeAsync(files.Root, trace: line =>
        {
            lock (trace)
                trace.Add(line);
        });
        await using FalseWorker honest = await FalseWorker.AdvertiseAsync(traced, traced["img"], "honest");
        honest.Serve(traced["img"], Img, Table.Encoded.ToArray());
        await using RunningNode node = await traced.StartNodeAsync("node1");
        Assert.Null(await Until.DoneAsync(node.Fetch(traced["img"]).Finished));
        Assert.Equal((0, 0), (node.Node.Counters.FromMaster, node.Node.Counters.Retries));
        lock (trace)
            Assert.DoesNotContain(trace, line => line.Contains("\"chunks\"", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(5000)]
    [InlineData(-1)]
    public async Task A_wrong_chunk_table_is_refused_and_reported(int at)
    {
        byte[] table = Table.Encoded.ToArray();
        table[at < 0 ? ^1 : at] ^= 1;
        await using FalseWorker liar = await FalseWorker.AdvertiseAsync(Cluster, Cluster["img"], "liar");
        liar.Serve(Cluster["img"], Img, table);
        await using RunningNode node = await Cluster.StartNodeAsync("node1");
        Transfer transfer = node.Fetch(Cluster["img"]);
        Assert.Null(await Until.DoneAsync(transfer.Finished));
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
        Assert.True(node.Log.Has("Error", "chunk table refused"));
        Assert.True(Cluster.Log.Has("Error", "node1", "wrong bytes", "liar"));
    }

    [Fact]
    public async Task A_short_chunk_table_makes_the_parent_lost()
    {
        await using FalseWorker liar = await FalseWorker.AdvertiseAsync(Cluster, Cluster["img"], "liar");
        liar.Serve(Cluster["img"], Img, Table.Encoded.ToArray()[..^1]);
        await using RunningNode node = await Cluster.StartNodeAsync("node1");
        Assert.Null(await Until.DoneAsync(node.Fetch(Cluster["img"]).Finished));
        Assert.True(Cluster.Log.Has("Warning", "node1", "liar", "lost"));
    }
}
