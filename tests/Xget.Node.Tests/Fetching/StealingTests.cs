using Xget.Node.Fetching;

namespace Xget.Node.Tests.Fetching;

/// <summary>A parent that has given its own stripe is asked for what another owes.</summary>
public sealed class StealingTests : StripedTests
{
    private const int Late = 3;

    /// <summary>Reads of that kind that are under way to one parent; a few more when answers come at once.</summary>
    private const int Several = 12;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private protected override int Stripes => 4;

    private IEnumerable<int> All => Enumerable.Range(0, Chunks);

    /// <summary>A node and its four parents; the last of them has nothing, the others have these chunks.</summary>
    private async Task<(RunningNode Node, Transfer Transfer, SteeredWorker[] Workers)> FetchAsync(Func<int, IEnumerable<int>> has)
    {
        (RunningNode node, Transfer transfer, SteeredWorker[] workers) = await FetchingAsync();
        for (int i = 0; i < Late; i++)
            workers[i].Give(has(i));
        return (node, transfer, workers);
    }

    private static int[] Tried(SteeredWorker[] workers) => [.. workers[..Late].SelectMany(w => w.Tried)];

    [Fact]
    public async Task The_stripe_of_a_parent_that_withholds_it_comes_from_the_others_who_have_it()
    {
        (RunningNode node, Transfer transfer, SteeredWorker[] workers) = await FetchAsync(_ => All);
        Assert.Null(await Until.DoneAsync(transfer.Finished));
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
        Assert.Equal(Stripe(Late), Tried(workers).Where(c => IsOf(Late, c)).Distinct().Order());
        for (int i = 0; i < Stripes; i++)
            Assert.Subset(Stripe(i).ToHashSet(), workers[i].Asked.ToHashSet());
        Assert.Equal((0, 0), (node.Node.Counters.FromMaster, node.Node.Counters.Retries));
        Assert.DoesNotContain(workers[Late].ToString(), transfer.Sources());
    }

    [Fact]
    public async Task A_stripe_that_is_stuck_is_asked_of_each_other_parent_another_part_of_it()
    {
        (_, Transfer transfer, SteeredWorker[] workers) = await FetchingAsync();
        workers[Late].Give(Stripe(Late).First());
        for (int i = 0; i < Late; i++)
            workers[i].Give(Stripe(i).Take(2));
        await Until.TrueAsync(() => transfer.Have == (2 * Late + 1) * Chunk);
        Time.Advance(TimeSpan.FromSeconds(2));
        for (int i = 0; i < Late; i++)
            workers[i].Give(All);
        await Until.TrueAsync(Time, () => workers[..Late].All(w => w.Tried.Any(c => IsOf(Late, c))));
        for (int i = 0; i < Late; i++)
            Assert.Equal(i, workers[i].Tried.First(c => IsOf(Late, c)) / (PerRun * Stripes) % Late);
        await Until.TrueAsync(Time, () => transfer.Finished.IsCompleted);
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
    }

    [Fact]
    public async Task A_chunk_that_comes_from_two_parents_is_counted_once()
    {
        int last = Stripe(Late).Last();
        (RunningNode node, Transfer transfer, SteeredWorker[] workers) = await FetchAsync(_ => All.Where(c => c != last));
        await Until.TrueAsync(Time, () => (long)transfer.Have == Size - Chunk);
        // All but the last of this stripe are here, and the window of its own parent is full of them.
        int[] owed = workers[Late].Asked;
        Assert.Equal((Window, false), (owed.Length, owed.Contains(last)));
        workers[Late].Give(owed);
        await Until.TrueAsync(() => workers[Late].Asked.Contains(last));
        await Until.TrueAsync(() => node.Node.Counters.FromWorkers >= Size - Chunk + owed.Length * Chunk);
        Assert.False(transfer.Finished.IsCompleted);
        Assert.Equal((ulong)(Size - Chunk), transfer.Have);
        workers[Late].Give([last]);
        Assert.Null(await Until.DoneAsync(transfer.Finished));
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
    }

    [Fact]
    public async Task Parents_that_have_not_got_it_are_asked_again_after_a_pause_and_not_in_a_loop()
    {
        (_, Transfer transfer, SteeredWorker[] workers) = await FetchAsync(Stripe);
        await Until.TrueAsync(() => workers[..Late].All(w => w.Asked.Length == Chunks / Stripes && w.Tried.Length > 0));
        // Each chunk that comes would be an occasion to try again.
        workers[Late].Give(Stripe(Late).SkipLast(1));
        await Until.TrueAsync(() => (long)transfer.Have == Size - Chunk);
        Assert.All(workers[..Late], w => Assert.InRange(w.Tried.Length, 1, Several));

        int before = Tried(workers).Length;
        foreach (SteeredWorker worker in workers[..Late])
            worker.Give(All);
        await Until.TrueAsync(Time, () => transfer.Finished.IsCompleted);
        Assert.Null(await transfer.Finished);
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
        Assert.True(Tried(workers).Length > before);
        Assert.True(Time.GetUtcNow() >= DateTimeOffset.UnixEpoch + Pause);
    }

    [Fact]
    public async Task A_parent_that_dies_while_it_is_tried_is_replaced_and_loses_nothing()
    {
        (RunningNode node, Transfer transfer, SteeredWorker[] workers) = await FetchAsync(Stripe);
        await Until.TrueAsync(() => workers[..Late].All(w => w.Asked.Length == Chunks / Stripes && w.Tried.Length > 0));
        workers[0].Cut();
        workers[1].Cut();
        workers[Late].Give(Stripe(Late));
        await Until.TrueAsync(Time, () => transfer.Finished.IsCompleted);
        Assert.Null(await transfer.Finished);
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
        Assert.InRange(node.Node.Counters.Retries, 0, 2);
    }

    [Fact]
    public async Task A_real_node_whose_link_to_one_parent_is_held_back_is_fed_by_the_other_parents()
    {
        RunningNode[] full = await FullNodesAsync();
        var meter = new Meter(200); // the handshake, and no chunk
        HostTransport host = Cluster.NewHost();
        host.MeterOf = (to, _) => to.Address.Equals(full[2].Transport.Address) ? meter : null;
        RunningNode node = await PatientNodeAsync("node1", host);
        Transfer transfer = node.Fetch(Cluster["img"]);
        Assert.Null(await Until.DoneAsync(transfer.Finished));
        IReadOnlyList<string> sources = transfer.Sources();
        meter.Open();
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
        Assert.Equal((0, 0), (node.Node.Counters.FromMaster, node.Node.Counters.Retries));
        Assert.DoesNotContain(sources, s => s.StartsWith($"{full[2].Transport.Address}!", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_parent_that_falls_silent_when_it_is_tried_keeps_the_chunk_no_longer_than_it_is_a_parent()
    {
        SteeredWorker[] workers = await WorkersAsync();
        RunningNode node = await Cluster.StartNodeAsync("node1", o => o with { RequestTimeout = TimeSpan.FromDays(1) });
        Transfer transfer = node.Fetch(Cluster["img"]);
        await Until.TrueAsync(() => workers.All(w => w.Asked.Length == Window));
        workers[0].FallSilentWhenWalkedTo();
        workers[0].Give(Stripe(0)); // so that it is asked for what the last one withholds, for which its data are opened once more
        await Until.TrueAsync(() => workers[0].IsSilent);
        workers[1].Give(All);
        workers[2].Give(All);
        await Until.TrueAsync(Time, () => transfer.Finished.IsCompleted);
        Assert.Null(await transfer.Finished);
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
        Assert.Empty(workers[0].Tried);
    }
}
