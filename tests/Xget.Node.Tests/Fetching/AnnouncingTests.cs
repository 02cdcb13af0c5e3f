using Xget.Node.Fetching;
using Xget.Node.Wire;
using Xget.Routing;

namespace Xget.Node.Tests.Fetching;

/// <summary>Contents that come one after the other: a node says that it will have the next one before it asks for it.</summary>
public sealed class AnnouncingTests : IAsyncLifetime
{
    private const int Size = 1 << 20;
    private const int Stripes = 2;

    private readonly Files _files = new();
    private readonly TaskCompletionSource _join = new();
    private byte[] _second = [];
    private TestCluster _cluster = null!;

    public async Task InitializeAsync()
    {
        _files.Add("first", Files.Random(Size, 1));
        _second = _files.Add("second", Files.Random(Size, 2));
        _cluster = await TestCluster.ServeAsync(_files.Root, new RoutingOptions { Stripes = Stripes, MaxLevel = 8 });
    }

    public async Task DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _files.Dispose();
    }

    [Fact]
    public async Task Until_it_joins_it_is_a_worker_without_routes_and_fetches_nothing()
    {
        RunningNode node = await _cluster.StartNodeAsync("node1");
        Transfer transfer = Announce(node);
        await Until.TrueAsync(async () => await RoutesAsync("second") is [{ Stripe: null, Node: "node1", Address: not null, Have: 0 }]);
        Assert.Equal(0, node.Node.Counters.FromMaster);
        Assert.Null(transfer.Store);

        _join.SetResult();
        Assert.Null(await Until.DoneAsync(transfer.Finished));
        Assert.Equal(_second, await RunningNode.BytesAsync(transfer));
    }

    [Fact]
    public async Task One_whose_chunk_table_is_known_asks_for_routes_when_it_joins()
    {
        RunningNode node = await _cluster.StartNodeAsync("node1");
        Content.ChunkTable table = _cluster.Generation.Find(_cluster["second"].Data.Content)!.Table;
        Transfer transfer = node.Node.Fetch(table.Content, (ulong)Size, "second", RunningNode.InMemory, table, join: _join.Task);
        await Until.TrueAsync(async () => await RoutesAsync("second") is [{ Stripe: null }]);
        _join.SetResult();
        Assert.Null(await Until.DoneAsync(transfer.Finished));
        Assert.Equal(_second, await RunningNode.BytesAsync(transfer));
    }

    [Fact]
    public async Task Whoever_joins_first_finds_the_others_where_they_were_and_they_fetch_for_it()
    {
        RunningNode[] nodes = [await _cluster.StartNodeAsync("node1"), await _cluster.StartNodeAsync("node2"), await _cluster.StartNodeAsync("node3")];
        foreach (RunningNode node in nodes)
            Assert.Null(await Until.DoneAsync(node.Fetch(_cluster["first"]).Finished));
        Transfer[] announced = [.. nodes.Select(Announce)];
        await Until.TrueAsync(async () => (await RoutesAsync("second")).Count == nodes.Length);
        long before = nodes[2].Node.Counters.FromMaster;

        // The last one reads from the two above it, as in the first content, and they join since it asks.
        Transfer last = nodes[2].Node.Find(_cluster["second"].Data.Content)!;
        Assert.Equal(_second, await Until.DoneAsync(RunningNode.BytesAsync(last)));
        Assert.Equal(before, nodes[2].Node.Counters.FromMaster);
        Assert.False(_join.Task.IsCompleted);

        _join.SetResult();
        foreach (Transfer transfer in announced)
            Assert.Null(await Until.DoneAsync(transfer.Finished));
        Assert.InRange(nodes.Sum(n => n.Node.Counters.FromMaster), 2 * Size, 3 * Size);
    }

    [Fact]
    public async Task One_that_is_given_up_before_it_joined_serves_nobody()
    {
        RunningNode node = await _cluster.StartNodeAsync("node1");
        Transfer transfer = Announce(node);
        await Until.TrueAsync(async () => (await RoutesAsync("second")).Count == 1);
        await Until.DoneAsync(node.Node.DropAsync(transfer).AsTask());
        await Until.TrueAsync(async () => (await RoutesAsync("second")).Count == 0);
    }

    [Fact]
    public async Task A_master_that_restarts_meanwhile_is_asked_as_if_nothing_had_been_said()
    {
        RunningNode node = await _cluster.StartNodeAsync("node1");
        Transfer transfer = Announce(node);
        await Until.TrueAsync(async () => (await RoutesAsync("second")).Count == 1);
        await Until.DoneAsync(_cluster.StopMasterAsync().AsTask());
        _cluster.RestartMaster();
        _join.SetResult();
        Assert.Null(await Until.DoneAsync(transfer.Finished));
        Assert.Equal(_second, await RunningNode.BytesAsync(transfer));
    }

    private Transfer Announce(RunningNode node) =>
        node.Node.Fetch(_cluster["second"].Data.Content, Size, "second", RunningNode.InMemory, join: _join.Task, begin: _join.Task);

    private async Task<IReadOnlyList<TreeReport.Route>> RoutesAsync(string file) =>
        (await _cluster.TreeAsync(_cluster[file]))?.Routes ?? [];
}
