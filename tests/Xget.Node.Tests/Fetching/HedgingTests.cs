using Xget.Node.Fetching;
using Xget.Testing;

namespace Xget.Node.Tests.Fetching;

/// <summary>A parent that holds its bytes back costs a reader a moment, and the node's other contents nothing.</summary>
public sealed class HedgingTests : IAsyncLifetime, IDisposable
{
    private const int Chunk = 32 << 10;
    private const int Size = 40 * Chunk + 5;
    private static readonly string[] Names = ["img", "next"];

    private readonly Files _files = new();
    private readonly Dictionary<string, byte[]> _bytes = [];
    private readonly ManualTime _time = new();
    private TestCluster _cluster = null!;

    public async Task InitializeAsync()
    {
        for (int i = 0; i < Names.Length; i++)
            _bytes[Names[i]] = _files.Add(Names[i], Files.Random(Size, i + 1));
        _cluster = await TestCluster.ServeAsync(_files.Root);
    }

    public Task DisposeAsync() => _cluster.DisposeAsync().AsTask();

    public void Dispose() => _files.Dispose();

    private TimeSpan Now => _time.GetUtcNow() - DateTimeOffset.UnixEpoch;

    private byte[] Table(string name) => _cluster.Generation.Find(_cluster[name].Data.Content)!.Table.Encoded.ToArray();

    /// <summary>A complete worker of both files, which it serves.</summary>
    private async Task<(FalseWorker Worker, TestFile[] Data)> WorkerAsync(HostTransport? host = null, int port = FalseWorker.FirstPort, byte[]? bytes = null)
    {
        FalseWorker worker = await FalseWorker.AdvertiseAsync(_cluster, [_cluster["img"], _cluster["next"]], "parent", host, port);
        return (worker, worker.Serve([.. Names.Select(n => (_cluster[n], bytes ?? _bytes[n], Table(n)))]));
    }

    private async Task<(RunningNode Node, Transfer Transfer)> FetchAsync(HostTransport? host = null, Func<NodeOptions, NodeOptions>? with = null)
    {
        RunningNode node = await _cluster.StartNodeAsync("node1", o => with?.Invoke(NeverTimesOut(o)) ?? NeverTimesOut(o), host, _time);
        return (node, node.Fetch(_cluster["img"]));
    }

    /// <summary>So that a clock that runs fast does no harm to what is slow in this process.</summary>
    private static NodeOptions NeverTimesOut(NodeOptions options) => options with { RequestTimeout = TimeSpan.FromDays(1) };

    /// <summary>The first content came within a second or two, and the next one comes without any wait, all from the master.</summary>
    private async Task CostsOnceAsync(RunningNode node, Transfer transfer, double seconds)
    {
        await Until.TrueAsync(_time, () => transfer.Finished.IsCompleted);
        Assert.Null(await transfer.Finished);
        Assert.Equal(_bytes["img"], await RunningNode.BytesAsync(transfer));
        Assert.InRange(Now.TotalSeconds, 0.9, seconds);
        Transfer next = node.Fetch(_cluster["next"]);
        Assert.Null(await Until.DoneAsync(next.Finished)); // and the clock stands still
        Assert.Equal(_bytes["next"], await RunningNode.BytesAsync(next));
        Assert.Equal(["me"], next.Sources());
    }

    [Fact]
    public async Task A_parent_that_answers_all_but_reads()
    {
        (FalseWorker worker, TestFile[] data) = await WorkerAsync();
        await using FalseWorker ends = worker;
        data[0].Waits = true;
        (RunningNode node, Transfer transfer) = await FetchAsync();
        await Until.TrueAsync(() => data[0].Waiting > 0);
        await CostsOnceAsync(node, transfer, 3);
        await Until.TrueAsync(() => data[0].Waiting == 0);
    }

    [Fact]
    public async Task A_parent_that_falls_silent_in_the_middle_of_a_chunk()
    {
        (FalseWorker worker, _) = await WorkerAsync();
        await using FalseWorker ends = worker;
        var meter = new Meter(10 * Chunk);
        HostTransport host = _cluster.NewHost();
        host.MeterOf = (to, _) => to.Equals(worker.EndPoint) ? meter : null;
        (RunningNode node, Transfer transfer) = await FetchAsync(host);
        await Until.TrueAsync(() => meter.IsUsedUp && transfer.Have > 0);
        await CostsOnceAsync(node, transfer, 3);
        Assert.Contains(worker.ToString(), transfer.Sources());
        meter.Open();
    }

    [Fact]
    public async Task A_parent_that_trickles_far_less_than_a_chunk_a_second()
    {
        (FalseWorker worker, _) = await WorkerAsync();
        await using FalseWorker ends = worker;
        var meter = new Meter(2000);
        HostTransport host = _cluster.NewHost();
        host.MeterOf = (to, _) => to.Equals(worker.EndPoint) ? meter : null;
        (RunningNode node, Transfer transfer) = await FetchAsync(host);
        await Until.TrueAsync(_time, () =>
        {
            meter.Add(100);
            return transfer.Finished.IsCompleted;
        });
        await CostsOnceAsync(node, transfer, 3);
        meter.Open();
    }

    [Fact]
    public async Task A_parent_whose_host_drops_what_comes_in()
    {
        (FalseWorker worker, _) = await WorkerAsync();
        await using FalseWorker ends = worker;
        HostTransport host = _cluster.NewHost();
        host.Drops = (to, _) => to.Equals(worker.EndPoint);
        (RunningNode node, Transfer transfer) = await FetchAsync(host);
        await CostsOnceAsync(node, transfer, 3);
        Assert.InRange(node.Node.Counters.Retries, 0, 1);
        Assert.Single(node.Transport.Dropped);
    }

    [Fact]
    public async Task A_parent_right_below_the_master_that_the_master_overtakes_is_reported()
    {
        (FalseWorker worker, TestFile[] data) = await WorkerAsync();
        await using FalseWorker ends = worker;
        data[0].Waits = true;
        (RunningNode node, Transfer transfer) = await FetchAsync();
        await Until.TrueAsync(_time, () => node.Node.Counters.Retries == 1);
        Assert.InRange(Now.TotalSeconds, 1, 3);
        await Until.TrueAsync(_time, () => transfer.Finished.IsCompleted);
        Assert.True(_cluster.Log.Has("Warning", "node1", "parent", "stalled"));
    }

    [Fact]
    public async Task After_three_hosts_that_hold_back_untried_ones_are_not_waited_for()
    {
        var workers = new List<FalseWorker>();
        for (int i = 0; i < 12; i++)
        {
            (FalseWorker worker, TestFile[] data) = await WorkerAsync();
            workers.Add(worker);
            data[0].Waits = true;
        }
        (_, Transfer transfer) = await FetchAsync();
        await Until.TrueAsync(_time, () => transfer.Finished.IsCompleted);
        Assert.Equal(_bytes["img"], await RunningNode.BytesAsync(transfer));
        Assert.InRange(Now.TotalSeconds, 1, 9);
        foreach (FalseWorker worker in workers)
            await worker.DisposeAsync();
    }

    [Fact]
    public async Task A_parent_that_waits_as_everybody_does_is_given_long_but_not_for_ever()
    {
        (FalseWorker worker, TestFile[] data) = await WorkerAsync();
        await using FalseWorker ends = worker;
        data[0].Waits = true;
        (RunningNode node, Transfer transfer) = await FetchAsync();
        await Until.TrueAsync(() => data[0].Waiting > 0);
        var meter = new Meter(0); // nor does the master give anything
        node.Transport.MeterOf = (to, number) => to.Equals(_cluster.MasterEndPoint) && number > 1 ? meter : null;
        await Until.TrueAsync(_time, () => Now >= TimeSpan.FromSeconds(40));
        Assert.Equal(0, node.Node.Counters.Retries);
        Assert.True(node.Log.Has("Warning", "nothing has come for 30 s", worker.ToString()));
        await Until.TrueAsync(_time, () => node.Node.Counters.Retries > 0);
        Assert.True(Now >= TimeSpan.FromSeconds(50));
        meter.Open();
        await Until.TrueAsync(_time, () => transfer.Finished.IsCompleted);
        Assert.Null(await transfer.Finished);
    }

    [Fact]
    public async Task However_many_workers_lie_the_master_remains()
    {
        HostTransport host = _cluster.NewHost();
        var liars = new List<FalseWorker>();
        for (int i = 0; i < 24; i++)
            liars.Add((await WorkerAsync(host, FalseWorker.FirstPort + i, new byte[Size])).Worker);
        (RunningNode node, Transfer transfer) = await FetchAsync();
        Assert.Null(await Until.DoneAsync(transfer.Finished)); // and the clock stands still
        Assert.Equal(_bytes["img"], await RunningNode.BytesAsync(transfer));
        // After three of them nothing at that address is connected to any more.
        Assert.InRange(node.Transport.Connections.Select(c => c.Remote).Count(r => r.Address.Equals(host.Address)), 1, FailedParents.MaxPortsOfAddress);
        foreach (FalseWorker liar in liars)
            await liar.DisposeAsync();
    }
}
