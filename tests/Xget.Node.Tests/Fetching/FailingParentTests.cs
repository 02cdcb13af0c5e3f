using Mono.Unix.Native;
using Xget.Content.Store;
using Xget.Lab;
using Xget.Node.Fetching;

namespace Xget.Node.Tests.Fetching;

/// <summary>Parents that die, stall or were never there.</summary>
public sealed class FailingParentTests : EngineTests
{
    private byte[] Table => Cluster.Generation.Find(Cluster["img"].Data.Content)!.Table.Encoded.ToArray();

    private static NodeOptions Few(NodeOptions options) => options with { Retries = 2, RequestTimeout = TimeSpan.FromSeconds(2) };

    [Fact]
    public async Task A_parent_that_is_cut_in_the_middle_is_replaced_and_the_retry_counts()
    {
        await using FalseWorker parent = await FalseWorker.AdvertiseAsync(Cluster, Cluster["img"], "parent");
        parent.Serve(Cluster["img"], Img, Table);
        var meter = new Meter(10 * Chunk);
        HostTransport host = Cluster.NewHost();
        host.MeterOf = (to, _) => to.Equals(parent.EndPoint) ? meter : null;
        await using RunningNode node = await Cluster.StartNodeAsync("node1", host: host);
        Transfer transfer = node.Fetch(Cluster["img"]);
        await Until.TrueAsync(() => meter.IsUsedUp && transfer.Have > 0);
        host.Connections.Single(c => c.Remote.Equals(parent.EndPoint)).Near.Abort();
        meter.Open();
        Assert.Null(await Until.DoneAsync(transfer.Finished));
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
        Assert.Equal(1, node.Node.Counters.Retries);
        Assert.InRange(node.Node.Counters.FromWorkers, 8 * Chunk, 10 * Chunk);
        Assert.Equal(Size - node.Node.Counters.FromWorkers, node.Node.Counters.FromMaster);
        Assert.True(Cluster.Log.Has("Warning", "node1", "parent", "lost"));
    }

    [Fact]
    public async Task A_parent_that_was_never_reachable_is_replaced()
    {
        await using FalseWorker parent = await FalseWorker.AdvertiseAsync(Cluster, Cluster["img"], "parent");
        await using RunningNode node = await Cluster.StartNodeAsync("node1");
        Transfer transfer = node.Fetch(Cluster["img"]);
        Assert.Null(await Until.DoneAsync(transfer.Finished));
        Assert.Equal((1, (long)Size), (node.Node.Counters.Retries, node.Node.Counters.FromMaster));
        Assert.True(Cluster.Log.Has("Warning", "node1", "parent", "refused"));
    }

    [Fact]
    public async Task More_failures_than_retries_end_the_transfer_with_a_clear_reason()
    {
        HostTransport host = Cluster.NewHost();
        host.Refuses = (to, number) => to.Equals(Cluster.MasterEndPoint) && number > 1; // control works, data does not
        await using RunningNode node = await Cluster.StartNodeAsync("node1", Few, host);
        Transfer transfer = node.Fetch(Cluster["img"]);
        Assert.Equal("img: given up after 2 retries; the last parent, the master, was refused", await Until.DoneAsync(transfer.Finished));
        Assert.Equal(Errno.EIO, (await transfer.ReadAsync(0, 1, default)).Error);
        Assert.Equal(2, node.Node.Counters.Retries);
    }

    [Fact]
    public async Task A_master_that_is_not_there_is_a_clear_reason()
    {
        await Cluster.StopMasterAsync();
        RunningNode node = Cluster.NewNode("node1", Few);
        Assert.Equal("connection refused", await Until.DoneAsync(node.Node.StartAsync(default).AsTask()));
        Assert.Equal("img: the master cannot be reached: connection refused", await Until.DoneAsync(node.Fetch(Cluster["img"]).Finished));
    }

    [Fact]
    public async Task A_file_that_changes_on_the_master_ends_the_transfer_with_the_reason()
    {
        await using RunningNode node = await Cluster.StartNodeAsync("node1", Few);
        File.WriteAllBytes(Path.Combine(Source, "img"), Files.Random(Size, 7));
        Assert.Contains("changed on the master", await Until.DoneAsync(node.Fetch(Cluster["img"]).Finished), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_content_that_the_master_does_not_publish_ends_with_the_reason()
    {
        await using RunningNode node = await Cluster.StartNodeAsync("node1", Few);
        Transfer transfer = node.Node.Fetch(Content.Digest.Of([1]), 1, "old", RunningNode.InMemory);
        Assert.Equal("old is not published any more by the master; run again", await Until.DoneAsync(transfer.Finished));
    }

    [SkippableFact]
    public async Task A_full_disk_ends_the_transfer_with_the_reason()
    {
        Prerequisite.Root();
        using var files = new Files();
        Command.Run("mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", files.Root);
        try
        {
            Assert.Equal((Errno)0, Destination.Open(files.Root, new DestinationOptions(), out Destination? destination));
            using (destination)
            {
                await using RunningNode node = await Cluster.StartNodeAsync("node1");
                Transfer transfer = node.Fetch(Cluster["img"], async (table, ct) => await destination!.Partial.OpenAsync(table, ct));
                Assert.Equal("cannot write img: no space left on device", await Until.DoneAsync(transfer.Finished));
            }
        }
        finally
        {
            Command.Run("umount", "-l", files.Root);
        }
    }

    [Fact]
    public async Task A_place_that_cannot_be_opened_ends_the_transfer_with_the_reason()
    {
        await using RunningNode node = await Cluster.StartNodeAsync("node1");
        Transfer transfer = node.Fetch(Cluster["img"], (_, _) => Task.FromResult<(Errno, StoredContent?)>((Errno.EACCES, null)));
        Assert.Equal("cannot write img: permission denied", await Until.DoneAsync(transfer.Finished));
    }
}
