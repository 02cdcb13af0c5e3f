using Mono.Unix.Native;
using Xget.Content.Store;
using Xget.Node.Fetching;
using Xget.Testing;

namespace Xget.Node.Tests.Fetching;

/// <summary>A node that ends while everything is under way leaves nothing behind.</summary>
[Collection("alone")] // it counts the descriptors of the process
public sealed class DisposalTests : EngineTests
{
    private static int OpenFilesBelow(string directory) => Directory.GetFiles("/proc/self/fd")
        .Count(fd => new FileInfo(fd).LinkTarget?.StartsWith(directory, StringComparison.Ordinal) == true);

    [Fact]
    public async Task Everything_that_a_node_holds_is_given_back()
    {
        using var files = new Files();
        var meter = new Meter(10 * Chunk);
        HostTransport host = Cluster.NewHost(meter);
        Assert.Equal((Errno)0, Destination.Open(files.Root, new DestinationOptions(), out Destination? destination));
        RunningNode node = await Cluster.StartNodeAsync("node1", host: host);
        Transfer transfer = node.Fetch(Cluster["img"], async (table, ct) => await destination!.Partial.OpenAsync(table, ct));
        await Until.TrueAsync(() => meter.IsUsedUp && transfer.Have > 0);
        RunningNode child = await Cluster.StartNodeAsync("node2");
        child.Fetch(Cluster["img"]);
        await Until.TrueAsync(() => node.Node.Children == 1);
        Task<Content.ContentRange> reader = transfer.ReadAsync((ulong)(39 * Chunk), 1, default).AsTask();

        await Until.DoneAsync(node.DisposeAsync().AsTask());

        Assert.Equal("stopped", await Until.DoneAsync(transfer.Finished));
        Assert.True((await Until.DoneAsync(reader)).IsError);
        await Until.DoneAsync(child.DisposeAsync().AsTask());
        await Until.TrueAsync(() => Cluster.Master.Connections == 0);
        Assert.Equal(0, await Cluster.StatAsync("routes-held"));
        Assert.Equal(0, await Cluster.StatAsync("workers"));
        Assert.Null(await Cluster.TreeAsync(Cluster["img"]));
        destination!.Dispose();
        Assert.Equal(0, OpenFilesBelow(files.Root));
        foreach (HostTransport.Connection connection in (HostTransport.Connection[])[.. host.Connections, .. child.Transport.Connections])
            await Assert.ThrowsAnyAsync<IOException>(async () => await connection.Near.ReceiveAsync(new byte[1], default));
    }

    [Fact]
    public async Task A_parent_and_a_master_that_do_not_answer_any_more_hold_nobody_up()
    {
        var meter = new Meter(10 * Chunk);
        HostTransport host = Cluster.NewHost(meter);
        var time = new ManualTime();
        RunningNode node = await Cluster.StartNodeAsync("node1", o => o with { RequestTimeout = TimeSpan.FromDays(1) }, host, time);
        Transfer transfer = node.Fetch(Cluster["img"]);
        await Until.TrueAsync(() => meter.IsUsedUp && transfer.Have > 0);
        foreach (HostTransport.Connection connection in host.Connections)
            connection.Near.Stalled = true;
        Task ending = node.DisposeAsync().AsTask();
        await Until.TrueAsync(time, () => ending.IsCompleted);
        await ending;
        Assert.True(time.GetUtcNow() < DateTimeOffset.UnixEpoch.AddDays(1), "it waited for a time-out");
        Assert.Equal("stopped", await transfer.Finished);
    }

    [Fact]
    public async Task A_node_that_still_looks_for_its_master_ends_at_once()
    {
        await Cluster.StopMasterAsync();
        RunningNode node = Cluster.NewNode("node1", o => o with { Retries = 1000 });
        Task<string?> starting = node.Node.StartAsync(default).AsTask();
        Transfer transfer = node.Fetch(Cluster["img"]);
        await Until.DoneAsync(node.DisposeAsync().AsTask());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Until.DoneAsync(starting));
        Assert.Equal("stopped", await Until.DoneAsync(transfer.Finished));
    }
}
