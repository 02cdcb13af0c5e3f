using Mono.Unix.Native;
using Xget.Node.Fetching;
using Xget.Node.Wire;

namespace Xget.Node.Tests.Fetching;

/// <summary>
/// The master gives a node another parent in the middle of a transfer, since a newcomer takes its place: what the former
/// one was asked for still comes from it.
/// </summary>
public sealed class MovedRoutesTests : StripedTests
{
    private ulong Half => (ulong)Chunks / 2;

    private protected override int Stripes => 2;

    /// <summary>A node that was moved from a worker, which owes it four chunks, to a newcomer.</summary>
    private sealed record Moved(RunningNode Node, Transfer Transfer, SteeredWorker Former, SteeredWorker Newcomer)
    {
        public int[] Owed { get; } = Former.Asked;

        public ulong Chunks => Transfer.Have / Chunk;
    }

    private async Task<Moved> MoveAsync(TreeClient reader, bool patient = true)
    {
        SteeredWorker[] workers = await WorkersAsync();
        workers[0].Give(Stripe(0));
        // With one more child the second worker has as many as its uplink carries.
        string text = await (await reader.OpenAsync(OpenFlags.O_RDWR, TreeClient.Of(Cluster["img"], Names.Redir))).ReadAsync();
        Assert.Equal($"0 2 {workers[0]}\n1 2 {workers[1]}\n", text);
        RunningNode node = patient ? await PatientNodeAsync("node1") : await Cluster.StartNodeAsync("node1");
        Transfer transfer = node.Fetch(Cluster["img"]);
        await Until.TrueAsync(() => transfer.Have == Half * Chunk && workers[1].Asked.Length == Window);

        SteeredWorker newcomer = await WorkerAsync("newcomer");
        Assert.Contains($"1 2 {workers[1]}\n", await newcomer.JoinAsync(), StringComparison.Ordinal);
        await Until.TrueAsync(() => node.Node.ParentNames().Contains(newcomer.ToString()));
        return new Moved(node, transfer, workers[1], newcomer);
    }

    [Fact]
    public async Task What_the_former_parent_owes_still_comes_from_it_and_nothing_is_asked_twice()
    {
        await using TreeClient reader = await Cluster.AttachAsync("reader");
        Moved moved = await MoveAsync(reader);
        moved.Newcomer.Give(Stripe(1));
        moved.Former.Give(moved.Owed[1..]);
        await Until.TrueAsync(() => moved.Chunks == (ulong)Chunks - 1);
        Assert.False(moved.Transfer.Finished.IsCompleted);
        moved.Former.Give(moved.Owed);
        Assert.Null(await Until.DoneAsync(moved.Transfer.Finished));
        Assert.Equal(Img, await RunningNode.BytesAsync(moved.Transfer));
        Assert.Equal(moved.Owed, moved.Former.Asked);
        Assert.Equal(Stripe(1).Except(moved.Owed), moved.Newcomer.Asked.Order());
        Assert.Equal((0, Size, 0), Counted(moved.Node));
    }

    [Fact]
    public async Task A_former_parent_that_dies_costs_the_chunks_that_it_owed_and_nothing_else()
    {
        await using TreeClient reader = await Cluster.AttachAsync("reader");
        Moved moved = await MoveAsync(reader);
        moved.Newcomer.Give(Stripe(1));
        moved.Former.Cut();
        Assert.Null(await Until.DoneAsync(moved.Transfer.Finished));
        Assert.Equal(Img, await RunningNode.BytesAsync(moved.Transfer));
        Assert.Equal(Stripe(1), moved.Newcomer.Asked.Order());
        Assert.Equal((0, Size, 0), Counted(moved.Node));
        Assert.False(Cluster.Log.Has("Warning", "node1"));
    }

    [Fact]
    public async Task What_the_former_parent_keeps_to_itself_is_asked_of_the_newcomer_after_a_moment()
    {
        await using TreeClient reader = await Cluster.AttachAsync("reader");
        Moved moved = await MoveAsync(reader, patient: false);
        moved.Newcomer.Give(Stripe(1));
        long start = Time.GetTimestamp();
        await Until.TrueAsync(Time, () => moved.Transfer.Finished.IsCompleted);
        Assert.InRange(Time.GetElapsedTime(start).TotalSeconds, 2, 5);
        Assert.Null(await moved.Transfer.Finished);
        Assert.Equal(Stripe(1), moved.Newcomer.Asked.Order());
        Assert.Equal((0, Size, 0), Counted(moved.Node));
    }

    [Fact]
    public async Task A_former_parent_that_has_given_what_it_owed_is_closed()
    {
        await using TreeClient reader = await Cluster.AttachAsync("reader");
        Moved moved = await MoveAsync(reader);
        moved.Former.Give(moved.Owed);
        await Until.TrueAsync(() => moved.Newcomer.Asked.Length == Window);
        await Until.TrueAsync(() => !moved.Node.Node.ParentNames().Contains(moved.Former.ToString()));
        Assert.Equal(Half + Window, moved.Chunks);
        moved.Newcomer.Give(Stripe(1));
        Assert.Null(await Until.DoneAsync(moved.Transfer.Finished));
        Assert.Equal((0, Size, 0), Counted(moved.Node));
    }

    [Fact]
    public async Task When_the_newcomer_dies_the_former_parent_may_be_the_next()
    {
        await using TreeClient reader = await Cluster.AttachAsync("reader");
        Moved moved = await MoveAsync(reader);
        moved.Newcomer.Cut();
        moved.Former.Give(Stripe(1));
        Assert.Null(await Until.DoneAsync(moved.Transfer.Finished));
        Assert.Equal(Img, await RunningNode.BytesAsync(moved.Transfer));
        Assert.Empty(moved.Newcomer.Asked);
        Assert.Equal(Size, moved.Node.Node.Counters.FromWorkers + moved.Node.Node.Counters.FromMaster);
        Assert.Equal(1, moved.Node.Node.Counters.Retries);
    }

    private static (long FromMaster, long FromWorkers, long Retries) Counted(RunningNode node) =>
        (node.Node.Counters.FromMaster, node.Node.Counters.FromWorkers, node.Node.Counters.Retries);
}
