using Mono.Unix.Native;
using Xget.Node.Fetching;
using Xget.Node.Wire;
using OpenPath = Xget.Node.Tests.TreeClient.OpenPath;

namespace Xget.Node.Tests.Fetching;

/// <summary>
/// Who comes while others are far on begins where its parents are, and reads what lies before afterwards (PROTOCOL.md, "front").
/// </summary>
public sealed class LateNodeTests : StripedTests
{
    private protected override int Stripes => 2;

    private protected override int Chunks => 96;

    /// <summary>What the others read, one chunk of each stripe, when they are far ahead.</summary>
    private static int[] Far => [10 * PerRun + 1, 11 * PerRun];

    private async Task<string> RouteAsync(TreeClient client) =>
        await (await client.OpenAsync(OpenFlags.O_RDWR, TreeClient.Of(Cluster["img"], Names.Redir))).ReadAsync();

    [Fact]
    public async Task The_master_tells_with_the_routes_what_it_was_asked_for_last_in_each_stripe()
    {
        (TreeClient earlier, _) = await EarlierAsync(8 * PerRun + 1, 40, 9 * PerRun);
        await using TreeClient other = await Cluster.AttachAsync("late");
        Assert.Equal($"0 1 me {40 * Chunk}\n1 1 me {9 * PerRun * Chunk}\n", await RouteAsync(other));
        await earlier.DisposeAsync();
    }

    [Fact]
    public async Task When_nobody_holds_routes_any_more_that_is_forgotten()
    {
        (TreeClient earlier, OpenPath redir) = await EarlierAsync(40);
        await redir.CloseAsync();
        await earlier.DisposeAsync();
        await using TreeClient other = await Cluster.AttachAsync("late");
        Assert.Equal("0 1 me\n1 1 me\n", await RouteAsync(other));
    }

    [Fact]
    public async Task A_late_node_asks_first_for_what_its_parents_read_now_and_then_for_what_lies_before() =>
        await FetchLateAsync(Far, Says(12 * PerRun + 2, 9 * PerRun + 3), expected: [12 * PerRun + 2, 9 * PerRun + 3]);

    [Fact]
    public async Task Where_a_parent_has_all_of_the_stripe_it_begins_where_the_master_was() =>
        await FetchLateAsync(Far, Says(Chunks, Chunks), expected: Far);

    [Fact]
    public async Task So_it_does_where_a_parent_has_everything() =>
        await FetchLateAsync(Far, _ => Task.FromResult(""), expected: Far);

    [Fact]
    public async Task So_it_does_where_a_parent_cannot_say() =>
        await FetchLateAsync(Far, front: null, expected: Far);

    [Fact]
    public async Task So_it_does_where_a_parent_says_nothing_sensible() =>
        await FetchLateAsync(Far, _ => Task.FromResult("99999999999999999999\n"), expected: Far);

    [Fact]
    public async Task A_parent_that_does_not_say_is_waited_for_a_second()
    {
        var never = new TaskCompletionSource<string>();
        (SteeredWorker[] workers, Transfer transfer, TreeClient earlier) = await ComeLateAsync(Far, _ => never.Task);
        await Until.TrueAsync(() => transfer.Store is not null);

        // What somebody waits for is asked for all the same.
        ValueTask<Errno> needed = transfer.EnsureAsync(5 * PerRun * Chunk, 1, default);
        await Until.TrueAsync(() => workers.Any(w => w.Asked is [5 * PerRun]));
        Time.Advance(TimeSpan.FromMilliseconds(900));
        Assert.Single(workers.SelectMany(w => w.Asked));
        foreach (SteeredWorker worker in workers)
            worker.Give(Enumerable.Range(0, Chunks));
        Assert.Equal((Errno)0, await needed);
        await Until.TrueAsync(Time, () => transfer.Finished.IsCompleted);
        int[][] asked = [.. workers.Select(w => w.Asked[(w.Asked[0] == 5 * PerRun ? 1 : 0)..])];
        Assert.Equal(Far, asked.Select(a => a[..Window].Min()).Order());
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
        await earlier.DisposeAsync();
    }

    [Fact]
    public async Task Who_is_hardly_behind_begins_with_the_first_chunk() =>
        await FetchLateAsync([6 * PerRun, 7 * PerRun], Says(6 * PerRun, 7 * PerRun), expected: [0, PerRun]);

    [Fact]
    public async Task So_does_who_fetches_another_content_before()
    {
        var another = new TaskCompletionSource();
        await FetchLateAsync(Far, Says(10 * PerRun + 1, 11 * PerRun), expected: [0, PerRun], another);
    }

    /// <summary>A parent that is at these chunks of the two stripes.</summary>
    private static Func<ulong, Task<string>> Says(int even, int odd) =>
        offset => Task.FromResult(FrontLines(offset == 0 ? even : odd));

    /// <summary>A node that comes when these chunks are read at the master; its parents have nothing yet, and say where they are.</summary>
    private async Task<(SteeredWorker[] Workers, Transfer Transfer, TreeClient Earlier)> ComeLateAsync(
        int[] read, Func<ulong, Task<string>>? front, TaskCompletionSource? another = null)
    {
        SteeredWorker[] workers = await WorkersAsync();
        foreach (SteeredWorker worker in workers)
            worker.Front = front;
        (TreeClient earlier, _) = await EarlierAsync(read);
        RunningNode node = await PatientNodeAsync("late");
        return (workers, node.Node.Fetch(Cluster["img"].Data.Content, (ulong)Size, "img", RunningNode.InMemory, begin: another?.Task), earlier);
    }

    /// <summary>The same, and the first chunk of each stripe that it wants.</summary>
    private async Task FetchLateAsync(int[] read, Func<ulong, Task<string>>? front, int[] expected, TaskCompletionSource? another = null)
    {
        (SteeredWorker[] workers, Transfer transfer, TreeClient earlier) = await ComeLateAsync(read, front, another);
        if (another is not null)
        {
            await Until.TrueAsync(() => transfer.Store is not null);
            another.SetResult();
        }
        await Until.TrueAsync(() => workers.All(w => w.Asked.Length == Window));
        foreach (SteeredWorker worker in workers)
            worker.Give(Enumerable.Range(0, Chunks));

        Assert.Null(await Until.DoneAsync(transfer.Finished));
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
        for (int i = 0; i < Stripes; i++)
            ExpectFrom(expected[i], i, workers);
        await earlier.DisposeAsync();
    }

    /// <summary>
    /// That chunk of the stripe and those behind it were asked for first, those before it last; reads that are sent together
    /// may be noted in any order.
    /// </summary>
    private void ExpectFrom(int first, int stripe, SteeredWorker[] workers)
    {
        int[] asked = workers.Select(w => w.Asked).Single(a => IsOf(stripe, a[0]));
        Assert.Equal(Stripe(stripe).Where(c => c >= first).Take(Window), asked[..Window].Order());
        int behind = asked.Count(c => c >= first);
        Assert.InRange(asked.TakeWhile(c => c >= first).Count(), behind - 2 * Window, behind);
    }
}
