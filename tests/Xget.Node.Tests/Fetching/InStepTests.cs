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
        (_, Transfer transfer, SteeredWorker[] workers) = await FetchingAsync();
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

        workers[0].Give(Stripe(1)); // it has them, but no more of its own: they come until the stripe has caught up, at the least
        await Until.TrueAsync(() => SlowlyOn(transfer.Have >= (ulong)(2 * given.Length - Ahead) * Chunk));
        Assert.Subset(Stripe(1).ToHashSet(), workers[0].Tried.ToHashSet());
        Assert.InRange(workers[0].Asked.Except(given).Count(), 1, Window);
        Assert.False(transfer.Finished.IsCompleted);

        workers[0].Give(Stripe(0));
        await Until.TrueAsync(() => SlowlyOn(transfer.Finished.IsCompleted));
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
        Assert.Equal(Stripe(1), workers[0].Tried.Distinct().Order()); // the other parent gave nothing
    }

    /// <summary>Lets the clock go on by less than what makes a parent late while this process is busy.</summary>
    private bool SlowlyOn(bool isDone)
    {
        Time.Advance(TimeSpan.FromMilliseconds(5));
        return isDone;
    }

    /// <summary>The next chunk that the worker was asked for comes, after a time; false if it was asked for none.</summary>
    private async Task<bool> ComeAsync(Transfer transfer, SteeredWorker worker, TimeSpan time)
    {
        Time.Advance(time);
        int[] owed = [.. worker.Asked.Where(c => !transfer.Store!.Map[c])];
        if (owed.Length == 0)
            return false;
        worker.Give(owed[0]);
        await Until.TrueAsync(() => transfer.Store!.Map[owed[0]]);
        return true;
    }

    private int Count(Transfer transfer, int stripe) => Stripe(stripe).Count(c => transfer.Store!.Map[c]);

    /// <summary>Both stripes come, the second one so many times as slowly; chunks of each when ten of it have come.</summary>
    private async Task<(Transfer Transfer, SteeredWorker[] Workers, int First, int Second)> UnequalAsync(int times)
    {
        (_, Transfer transfer, SteeredWorker[] workers) = await FetchingAsync();
        for (int i = 0; i < 10; i++)
        {
            for (int n = 0; n < times; n++)
                await ComeAsync(transfer, workers[0], Slow / times);
            Assert.True(await ComeAsync(transfer, workers[1], TimeSpan.Zero));
        }
        return (transfer, workers, Count(transfer, 0), Count(transfer, 1));
    }

    [Fact]
    public async Task A_stripe_that_is_far_ahead_waits_until_the_other_has_caught_up()
    {
        (Transfer transfer, SteeredWorker[] workers, int first, int second) = await UnequalAsync(times: 4);
        Assert.InRange(first, second + FarAhead, second + FarAhead + Window + 1);
        workers[0].Give(Stripe(0));
        workers[1].Give(Stripe(1));
        await Until.TrueAsync(Time, () => transfer.Finished.IsCompleted);
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
    }

    [Fact]
    public async Task But_not_for_one_from_a_slow_link_whose_chunks_are_asked_of_the_other_parent()
    {
        (Transfer transfer, SteeredWorker[] workers, int first, _) = await UnequalAsync(times: 10);
        Assert.InRange(first, Chunks / 2 - Window, Chunks / 2);
        Assert.NotEmpty(workers[0].Tried);
        workers[0].Give(Stripe(0).Concat(Stripe(1)));
        await Until.TrueAsync(Time, () => transfer.Finished.IsCompleted);
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
    }

    [Fact]
    public async Task Nor_for_one_that_comes_no_more()
    {
        (_, Transfer transfer, SteeredWorker[] workers) = await FetchingAsync();
        Assert.True(await ComeAsync(transfer, workers[1], Slow));
        while (await ComeAsync(transfer, workers[0], TimeSpan.FromMilliseconds(40)))
        {
            // until it waits
        }
        Assert.InRange(Count(transfer, 0), FarAhead, FarAhead + Window + 2);

        Time.Advance(Pause);
        workers[0].Give(Stripe(0));
        await Until.TrueAsync(Time, () => Count(transfer, 0) == Chunks / 2);
        Assert.Equal(1, Count(transfer, 1));
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
