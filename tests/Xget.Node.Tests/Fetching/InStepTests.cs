using Xget.Node.Fetching;

namespace Xget.Node.Tests.Fetching;

/// <summary>On slow links no stripe runs far ahead of another.</summary>
public sealed class InStepTests : StripedTests
{
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(100);

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

        workers[0].Give(Stripe(1)); // it has them, but no more of its own
        await Until.TrueAsync(Time, () => transfer.Have == (ulong)(Chunks / 4 + Chunks / 2) * Chunk);
        Assert.Equal(Stripe(1), workers[0].Tried.Distinct().Order());
        Assert.False(transfer.Finished.IsCompleted);

        workers[0].Give(Stripe(0));
        await Until.TrueAsync(Time, () => transfer.Finished.IsCompleted);
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
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
