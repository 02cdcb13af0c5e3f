using Mono.Unix.Native;
using Xget.Node.Fetching;
using Xget.Node.Wire;
using OpenPath = Xget.Node.Tests.TreeClient.OpenPath;

namespace Xget.Node.Tests.Fetching;

/// <summary>A worker's <c>front</c>: how far it is in each stripe (PROTOCOL.md).</summary>
public sealed class FrontFileTests : StripedTests
{
    private const int Line = 21;

    private protected override int Stripes => 2;

    private string[] Path => TreeClient.Of(Cluster["img"], Names.Front);

    [Fact]
    public async Task It_has_a_line_for_each_stripe_with_the_first_byte_that_is_not_here()
    {
        (RunningNode node, Transfer transfer, SteeredWorker[] workers) = await FetchingAsync();
        await using TreeClient child = await Cluster.AttachToAsync(node, Cluster["img"]);
        Assert.Equal(FrontLines(0, PerRun), await child.ReadAsync(Path));

        int[] first = [.. Stripe(0).Take(PerRun + 2)];
        foreach (SteeredWorker worker in workers)
            worker.Give(first);
        await Until.TrueAsync(() => transfer.Have == (ulong)(first.Length * Chunk));
        Assert.Equal(FrontLines(2 * PerRun + 2, PerRun), await child.ReadAsync(Path));
        OpenPath front = await child.OpenAsync(OpenFlags.O_RDONLY, Path);
        Assert.Equal(FrontLines(PerRun), await front.ReadAsync(Line));
        Assert.Equal(FrontLines(PerRun)[7..9], await front.ReadAsync(Line + 7, 2));
        Assert.Equal("", await front.ReadAsync(2 * Line));
        Assert.Equal("", await front.ReadAsync(ulong.MaxValue));

        foreach (SteeredWorker worker in workers)
            worker.Give(Stripe(0));
        await Until.TrueAsync(() => transfer.Have == (ulong)(Stripe(0).Count() * Chunk));
        Assert.Equal(FrontLines(Chunks, PerRun), await child.ReadAsync(Path));
    }

    [Fact]
    public async Task It_is_empty_when_everything_is_here()
    {
        (RunningNode node, Transfer transfer, SteeredWorker[] workers) = await FetchingAsync();
        foreach (SteeredWorker worker in workers)
            worker.Give(Enumerable.Range(0, Chunks));
        Assert.Null(await Until.DoneAsync(transfer.Finished));
        await using TreeClient child = await Cluster.AttachToAsync(node, Cluster["img"]);
        Assert.Equal("", await child.ReadAsync(Path));
        Assert.Equal(Errno.EACCES, (await child.TryOpenAsync(OpenFlags.O_RDWR, Path)).Error);
    }

    [Fact]
    public async Task Who_does_not_know_yet_where_it_begins_says_so_when_it_does()
    {
        var above = new TaskCompletionSource<string>();
        SteeredWorker[] workers = await WorkersAsync();
        foreach (SteeredWorker worker in workers)
            worker.Front = _ => above.Task;
        (TreeClient earlier, _) = await EarlierAsync(8 * PerRun, 9 * PerRun);
        RunningNode node = await PatientNodeAsync("late");
        Transfer transfer = node.Fetch(Cluster["img"]);
        await Until.TrueAsync(() => transfer.Store is not null);

        await using TreeClient child = await Cluster.AttachToAsync(node, Cluster["img"]);
        OpenPath front = await child.OpenAsync(OpenFlags.O_RDONLY, Path);
        Task<string> read = front.ReadAsync(Line);
        await Task.Delay(50);
        Assert.False(read.IsCompleted);
        above.SetResult(FrontLines(9 * PerRun + 3));
        Assert.Equal(FrontLines(9 * PerRun + 3), await Until.DoneAsync(read));
        await earlier.DisposeAsync();
    }

    [Fact]
    public async Task A_transfer_that_fails_says_nothing()
    {
        var store = new TaskCompletionSource();
        RunningNode node = await Cluster.StartNodeAsync("node1");
        Transfer transfer = node.Fetch(Cluster["img"], async (table, ct) =>
        {
            await store.Task;
            return (Errno.ENOSPC, null);
        });
        await using TreeClient child = await Cluster.AttachToAsync(node, Cluster["img"]);
        OpenPath front = await child.OpenAsync(OpenFlags.O_RDONLY, Path);
        Task<string> read = front.ReadAsync();
        await Task.Delay(50);
        Assert.False(read.IsCompleted);
        store.SetResult();
        Assert.Equal("", await Until.DoneAsync(read));
        Assert.NotNull(await transfer.Finished);
    }
}
