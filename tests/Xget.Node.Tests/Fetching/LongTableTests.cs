using Xget.Node.Fetching;

namespace Xget.Node.Tests.Fetching;

/// <summary>A chunk table that is too long to come with the route: it is read from a parent.</summary>
public sealed class LongTableTests : EngineTests
{
    private protected override int Size => 300 * Chunk;

    [Fact]
    public async Task Parents_that_cannot_even_be_dialled_are_left_out_one_after_the_other()
    {
        await using RunningNode first = await Cluster.StartNodeAsync("node1");
        Assert.Null(await Until.DoneAsync(first.Fetch(Cluster["img"]).Finished));
        HostTransport host = Cluster.NewHost();
        host.Refuses = (to, _) => !to.Equals(Cluster.MasterEndPoint);
        await using RunningNode second = await Cluster.StartNodeAsync("node2", host: host);

        Transfer transfer = second.Fetch(Cluster["img"]);

        Assert.Null(await Until.DoneAsync(transfer.Finished));
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
        Assert.Equal((Size, 0L), (second.Node.Counters.FromMaster, second.Node.Counters.FromWorkers));
        Assert.InRange(second.Node.Counters.Retries, 1, 3);
    }

    [Fact]
    public async Task A_transfer_that_waits_for_its_table_ends_at_once()
    {
        var meter = new Meter(2000);
        HostTransport host = Cluster.NewHost(meter);
        await using RunningNode parent = await Cluster.StartNodeAsync("node1", host: host);
        Transfer above = parent.Fetch(Cluster["img"]);
        await Until.TrueAsync(() => meter.IsUsedUp);
        await using RunningNode node = await Cluster.StartNodeAsync("node2");
        Transfer transfer = node.Fetch(Cluster["img"]);
        await Until.TrueAsync(() => parent.Node.Children > 0);

        await node.Node.DropAsync(transfer).AsTask().WaitAsync(TimeSpan.FromSeconds(5)); // a request may take 10

        Assert.Equal("stopped", await Until.DoneAsync(transfer.Finished));
        meter.Open();
        Assert.Null(await Until.DoneAsync(above.Finished));
        Assert.Null(await Until.DoneAsync(node.Fetch(Cluster["img"]).Finished));
        Assert.False(Cluster.Log.Has("Warning", "node1"));
    }
}

/// <summary>The same with several parents.</summary>
public sealed class LongTableOfSeveralTests : StripedTests
{
    private protected override int Stripes => 4;

    private protected override int Chunks => 300;

    [Fact]
    public async Task A_parent_that_does_not_give_it_soon_delays_nobody()
    {
        RunningNode[] parents = await FullNodesAsync();
        // Who is asked first gives no more than the handshake; what the others give is what it owes in the end.
        Meter? first = null;
        HostTransport host = Cluster.NewHost();
        host.MeterOf = (to, _) => Array.Exists(parents, p => p.Transport.Address.Equals(to.Address)) && Interlocked.CompareExchange(ref first, new Meter(200), null) is null ? first : null;
        RunningNode node = await PatientNodeAsync("node1", host);
        Transfer transfer = node.Fetch(Cluster["img"]);
        await Until.TrueAsync(() => first is { IsUsedUp: true });
        await Until.TrueAsync(Time, () => transfer.Finished.IsCompleted);
        first!.Open();
        Assert.Null(await transfer.Finished);
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
        Assert.Equal((0, 0), (node.Node.Counters.FromMaster, node.Node.Counters.Retries));
    }
}
