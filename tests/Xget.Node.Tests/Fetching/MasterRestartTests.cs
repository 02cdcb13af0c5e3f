using Xget.Node.Fetching;
using Xget.Node.Wire;

namespace Xget.Node.Tests.Fetching;

/// <summary>The master's picture of the cluster is soft state: a new master has the whole of it again.</summary>
public sealed class MasterRestartTests : EngineTests
{
    private const long Some = 10 * Chunk;

    [Fact]
    public async Task Nodes_in_the_middle_of_a_transfer_register_again_and_finish()
    {
        var meter = new Meter(Some);
        (_, Transfer a, _, Transfer b) = await HalfwayAsync(Cluster.NewHost(meter), meter);

        await Until.DoneAsync(Cluster.StopMasterAsync().AsTask());
        Cluster.RestartMaster();
        meter.Open();

        Assert.Null(await Until.DoneAsync(a.Finished));
        Assert.Null(await Until.DoneAsync(b.Finished));
        Assert.Equal(Img, await RunningNode.BytesAsync(b));
        await Until.TrueAsync(async () => (await CompleteAsync()).Order().SequenceEqual(["node1", "node2"]));
    }

    [Fact]
    public async Task A_child_that_registers_first_becomes_the_parent_of_its_former_one()
    {
        bool late = false;
        var meter = new Meter(Some);
        HostTransport host = Cluster.NewHost(meter);
        host.Refuses = (to, _) => to.Equals(Cluster.MasterEndPoint) && Volatile.Read(ref late);
        (RunningNode first, Transfer a, RunningNode second, Transfer b) = await HalfwayAsync(host, meter);

        Volatile.Write(ref late, true);
        await Until.DoneAsync(Cluster.StopMasterAsync().AsTask());
        Cluster.RestartMaster();
        Assert.Null(await Until.DoneAsync(b.Finished));
        Volatile.Write(ref late, false);
        Assert.Null(await Until.DoneAsync(a.Finished));
        Assert.Equal((Size, 0L), (second.Node.Counters.FromMaster + second.Node.Counters.FromWorkers, second.Node.Counters.Retries));
        Assert.True(first.Node.Counters.FromWorkers > 0);
    }

    [Fact]
    public async Task Complete_workers_register_again_and_are_parents_at_once()
    {
        await using RunningNode first = await Cluster.StartNodeAsync("node1");
        Assert.Null(await Until.DoneAsync(first.Fetch(Cluster["img"]).Finished));
        await Until.DoneAsync(Cluster.StopMasterAsync().AsTask());
        Cluster.RestartMaster();
        await Until.TrueAsync(async () => (await CompleteAsync()).SequenceEqual(["node1"]));
        await using RunningNode second = await Cluster.StartNodeAsync("node2");
        Assert.Null(await Until.DoneAsync(second.Fetch(Cluster["img"]).Finished));
        Assert.Equal((0, 0), (second.Node.Counters.FromMaster, second.Node.Counters.Retries));
    }

    [Fact]
    public async Task A_transfer_that_has_what_it_needs_goes_on_without_a_master()
    {
        await using RunningNode node = await Cluster.StartNodeAsync("node1", o => o with { Retries = 0 });
        Transfer transfer = node.Fetch(Cluster["img"]);
        Assert.Null(await Until.DoneAsync(transfer.Finished));
        await Until.DoneAsync(Cluster.StopMasterAsync().AsTask());
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
    }

    [Fact]
    public async Task Without_a_master_a_transfer_ends_after_the_retries_with_a_clear_reason()
    {
        var meter = new Meter(Some);
        HostTransport host = Cluster.NewHost(meter);
        await using RunningNode node = await Cluster.StartNodeAsync("node1", o => o with { Retries = 2 }, host);
        Transfer transfer = node.Fetch(Cluster["img"]);
        await Until.TrueAsync(() => meter.IsUsedUp && transfer.Have > 0);
        await Until.DoneAsync(Cluster.StopMasterAsync().AsTask());
        Assert.Equal("img: the master cannot be reached: connection refused", await Until.DoneAsync(transfer.Finished));
    }

    [Fact]
    public async Task The_second_address_of_a_master_is_tried_when_the_first_does_not_answer()
    {
        var nowhere = new System.Net.IPEndPoint(Cluster.MasterHost.Address, 1);
        await using RunningNode node = await Cluster.StartNodeAsync("node1", o => o with { Masters = [nowhere, Cluster.MasterEndPoint] });
        Assert.Null(await Until.DoneAsync(node.Fetch(Cluster["img"]).Finished));
    }

    /// <summary>A node to which no more comes for the time being, and its child, which has as much; the cluster ends them.</summary>
    private async Task<(RunningNode First, Transfer A, RunningNode Second, Transfer B)> HalfwayAsync(HostTransport host, Meter meter)
    {
        RunningNode first = await Cluster.StartNodeAsync("node1", host: host);
        Transfer a = first.Fetch(Cluster["img"]);
        await Until.TrueAsync(() => meter.IsUsedUp && a.Have > 0);
        RunningNode second = await Cluster.StartNodeAsync("node2");
        Transfer b = second.Fetch(Cluster["img"]);
        await Until.TrueAsync(() => b.Have == a.Have);
        return (first, a, second, b);
    }

    /// <summary>The nodes that have all of it and hold no routes.</summary>
    private async Task<string[]> CompleteAsync()
    {
        TreeReport? report = await Cluster.TreeAsync(Cluster["img"]);
        return report is null ? [] : [.. report.Routes.Where(r => r is { Parent: null, Address: not null } && r.Have == (ulong)Size).Select(r => r.Node)];
    }
}
