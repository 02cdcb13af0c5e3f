using Xget.Node.Fetching;

namespace Xget.Node.Tests.Fetching;

/// <summary>On slow links no stripe runs far ahead of another.</summary>
public sealed class InStepTests : StripedTests
{
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(100);

    /// <summary>Without a chunk a stripe is stuck.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>Chunks that a stripe may be ahead before others are asked for the other's.</summary>
    private const int Ahead = 8;

    /// <summary>Chunks that a stripe may be ahead of one that comes at all.</summary>
    private const int FarAhead = 16;

    private protected override int Stripes => 2;

    private protected override int Chunks => 96;

    /// <summary>A node that got these chunks of the first stripe from its first parent, and nothing from the other.</summary>
    private async Task<(Transfer Transfer, SteeredWorker[] Workers)> FetchAsync(int[] given, TimeSpan perChunk)
    {
        SteeredWorker[] workers = await WorkersAsync();
        RunningNode node = await PatientNodeAsync("node1");
        Transfer transfer = node.Fetch(Cluster["img"]);
        await Until.TrueAsync(() => workers.All(w => w.Asked.Length == Window));
        for (int i = 0; i < given.Length; i++)
        {
            Time.Advance(perChunk);
            workers[0].Give([given[i]]);
            await Until.TrueAsync(() => transfer.Have == (ulong)(i + 1) * Chunk);
        }
        return (transfer, workers);
    }

    [Fact]
    public async Task A_stripe_that_is_ahead_asks_for_half_as_much_and_its_parent_is_asked_for_chunks_of_the_other()
    {
        int[] given = [.. Stripe(0).Take(Chunks / 4)];
        (Transfer transfer, SteeredWorker[] workers) = await FetchAsync(given, Slow);
        await Until.TrueAsync(() => workers[0].Asked.Length > given.Length && workers[0].Tried.Length > 0);
        Assert.InRange(workers[0].Asked.Except(given).Count(), 1, Window / 2);

        workers[0].Give(Stripe(1)); // it has them, but no more of its own: so many come that the stripe has caught up
        await Until.TrueAsync(Time, () => transfer.Have >= (ulong)(2 * given.Length - Ahead) * Chunk);
        Assert.Subset(Stripe(1).ToHashSet(), workers[0].Tried.ToHashSet());
        Assert.InRange(transfer.Have, (ulong)(2 * given.Length - Ahead) * Chunk, (ulong)(2 * given.Length) * Chunk);
        Assert.False(transfer.Finished.IsCompleted);

        workers[0].Give(Stripe(0));
        await Until.TrueAsync(Time, () => transfer.Finished.IsCompleted);
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
        Assert.Equal(Stripe(1), workers[0].Tried.Distinct().Order()); // the other parent gave nothing
    }

    [Fact]
    public async Task A_stripe_that_is_far_ahead_waits_until_the_other_has_caught_up()
    {
        SteeredWorker[] workers = await WorkersAsync();
        RunningNode node = await PatientNodeAsync("node1");
        Transfer transfer = node.Fetch(Cluster["img"]);
        await Until.TrueAsync(() => workers.All(w => w.Asked.Length == Window));
        for (int i = 0; i < 10; i++)
        {
            await Until.TrueAsync(() => workers[1].Asked.Length > i);
            int chunk = workers[1].Asked[i];
            workers[1].Give(chunk); // it comes, but slowly
            await Until.TrueAsync(() => transfer.Store!.Map[chunk]);
            if (i == 0)
                workers[0].Give(Stripe(0)); // all at once
            // As many more of the first stripe, and what was on its way.
            int least = 2 * (i + 1) + FarAhead;
            await Until.TrueAsync(() => transfer.Have >= (ulong)least * Chunk);
            Assert.InRange(transfer.Have, 0UL, (ulong)(least + 3 * Window) * Chunk);
            Time.Advance(Slow);
        }

        workers[1].Give(Stripe(1));
        await Until.TrueAsync(Time, () => transfer.Finished.IsCompleted);
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
    }

    [Fact]
    public async Task But_not_for_one_that_comes_no_more()
    {
        SteeredWorker[] workers = await WorkersAsync();
        RunningNode node = await PatientNodeAsync("node1");
        Transfer transfer = node.Fetch(Cluster["img"]);
        workers[1].Give(Stripe(1).First());
        await Until.TrueAsync(() => transfer.Have == Chunk);
        workers[0].Give(Stripe(0));
        await Until.TrueAsync(() => transfer.Have >= FarAhead * Chunk);
        Assert.InRange(transfer.Have, 0UL, (ulong)(FarAhead + 3 * Window) * Chunk);

        Time.Advance(Pause);
        await Until.TrueAsync(Time, () => transfer.Have == (ulong)(Chunks / 2 + 1) * Chunk);
        workers[1].Give(Stripe(1));
        await Until.TrueAsync(Time, () => transfer.Finished.IsCompleted);
    }

    [Fact]
    public async Task What_a_root_that_stands_still_owes_is_taken_from_the_master()
    {
        SteeredWorker root = await WorkerAsync("root");
        await root.JoinAsync();
        RunningNode node = await PatientNodeAsync("node1");
        Transfer transfer = node.Fetch(Cluster["img"]);
        root.Give(Stripe(0).First());
        await Until.TrueAsync(() => transfer.Have > FarAhead * Chunk && node.Node.Counters.FromWorkers == Chunk);
        Assert.False(transfer.Finished.IsCompleted);

        Time.Advance(Pause);
        await Until.TrueAsync(Time, () => transfer.Finished.IsCompleted);
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
        Assert.Equal((Size - Chunk, (long)Chunk), (node.Node.Counters.FromMaster, node.Node.Counters.FromWorkers));
    }

    [Fact]
    public async Task On_a_fast_link_nobody_is_held_back_and_nobody_is_tried_before_its_own_stripe_is_here()
    {
        (Transfer transfer, SteeredWorker[] workers) = await FetchAsync([.. Stripe(0).SkipLast(1)], TimeSpan.Zero);
        Assert.Empty(workers[0].Tried);
        workers[0].Give(Stripe(0));
        await Until.TrueAsync(() => workers[0].Tried.Length > 0);
        workers[1].Give(Stripe(1));
        await Until.TrueAsync(Time, () => transfer.Finished.IsCompleted);
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
    }
}
