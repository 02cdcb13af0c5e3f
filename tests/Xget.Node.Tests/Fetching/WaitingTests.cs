using Mono.Unix.Native;
using Xget.Content;
using Xget.Node.Fetching;
using Xget.Node.Wire;

namespace Xget.Node.Tests.Fetching;

/// <summary>Requests for what is not there yet.</summary>
public sealed class WaitingTests : EngineTests
{
    /// <summary>Enough for Rversion, Rattach, Rwalk and Rlopen, and too little for a chunk.</summary>
    private const int Handshake = 200;

    /// <summary>A node whose data from the master is held back by a meter.</summary>
    private async Task<(RunningNode Node, Meter Meter)> HeldBackAsync(string name, long bytes = Handshake, Func<NodeOptions, NodeOptions>? with = null)
    {
        var meter = new Meter(bytes);
        HostTransport host = Cluster.NewHost(meter);
        return (await Cluster.StartNodeAsync(name, with, host), meter);
    }

    [Fact]
    public async Task A_child_that_asks_before_its_parent_has_anything_waits_and_gets_it()
    {
        (RunningNode parent, Meter meter) = await HeldBackAsync("node1");
        parent.Fetch(Cluster["img"]);
        await Until.TrueAsync(async () => await Cluster.StatAsync("routes-held") == 1);
        await using RunningNode child = await Cluster.StartNodeAsync("node2");
        Transfer transfer = child.Fetch(Cluster["img"]);
        await Until.TrueAsync(() => parent.Node.Children == 1);
        Assert.Equal(0UL, transfer.Have);
        meter.Open();
        Assert.Null(await Until.DoneAsync(transfer.Finished));
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
        Assert.Equal((0, Size), (child.Node.Counters.FromMaster, child.Node.Counters.FromWorkers));
        await parent.DisposeAsync();
    }

    [Fact]
    public async Task What_is_verified_is_passed_on_long_before_the_content_is_complete()
    {
        (RunningNode parent, Meter meter) = await HeldBackAsync("node1", 10 * Chunk);
        Transfer first = parent.Fetch(Cluster["img"]);
        await Until.TrueAsync(() => first.Have > 0);
        await using RunningNode child = await Cluster.StartNodeAsync("node2");
        Transfer second = child.Fetch(Cluster["img"]);
        await Until.TrueAsync(() => meter.IsUsedUp && second.Have > 0 && second.Have == first.Have);
        Assert.False(first.Finished.IsCompleted);
        meter.Open();
        Assert.Null(await Until.DoneAsync(second.Finished));
    }

    [Fact]
    public async Task A_chunk_that_a_reader_waits_for_comes_before_the_others()
    {
        // The window lets two chunks be asked for at a time, and not one of them has come when the reader wants the last.
        (RunningNode node, Meter meter) = await HeldBackAsync("node1", with: o => o with { Window = Chunk });
        Transfer transfer = node.Fetch(Cluster["img"]);
        await Until.TrueAsync(() => transfer.Store is not null);
        Task<ContentRange> demanded = transfer.ReadAsync((ulong)(40 * Chunk), 5, default).AsTask();
        while (!demanded.IsCompleted)
        {
            await Until.TrueAsync(() => meter.IsUsedUp || demanded.IsCompleted);
            meter.Add(Chunk / 4);
        }
        Assert.Equal(Img[^5..], (await demanded).Bytes.ToArray());
        Assert.InRange(transfer.Have, 0UL, 5UL * Chunk);
        meter.Open();
        Assert.Null(await Until.DoneAsync(transfer.Finished));
    }

    [Fact]
    public async Task What_a_child_reads_together_its_parent_fetches_together()
    {
        await using RunningNode parent = await Cluster.StartNodeAsync("node1");
        Transfer transfer = parent.Fetch(Cluster["img"], []); // it wants nothing by itself
        using (ContentRange range = await Until.DoneAsync(transfer.ReadAsync(3 * Chunk, 4 * Chunk, default).AsTask()))
            Assert.InRange(range.Count, Chunk, 4 * Chunk);
        await Until.TrueAsync(() => transfer.Have == 4 * Chunk);
    }

    [Fact]
    public async Task Before_it_begins_a_content_fetches_what_readers_wait_for_and_nothing_else()
    {
        await using RunningNode parent = await Cluster.StartNodeAsync("node1");
        var begin = new TaskCompletionSource();
        Transfer transfer = parent.Node.Fetch(Cluster["img"].Data.Content, (ulong)Size, "img", RunningNode.InMemory, begin: begin.Task);
        await Until.TrueAsync(async () => await Cluster.StatAsync("routes-held") == 1);
        await using RunningNode child = await Cluster.StartNodeAsync("node2");
        Transfer below = child.Fetch(Cluster["img"], [new(Cluster["img"].Data.Content, 7 * Chunk, 10)]);

        Assert.Null(await Until.DoneAsync(below.Finished));
        Assert.Equal((ulong)Chunk, transfer.Have);
        Assert.Equal((Chunk, 0L), (parent.Node.Counters.FromMaster, child.Node.Counters.FromMaster));
        Assert.False(transfer.Finished.IsCompleted || transfer.NearEnd.IsCompleted);

        begin.SetResult();
        Assert.Null(await Until.DoneAsync(transfer.Finished));
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
    }

    [Fact]
    public async Task A_demand_is_passed_up_with_priority_through_a_parent()
    {
        (RunningNode parent, Meter meter) = await HeldBackAsync("node1", with: o => o with { Window = Chunk });
        Transfer first = parent.Fetch(Cluster["img"]);
        await Until.TrueAsync(() => first.Store is not null);
        await using RunningNode child = await Cluster.StartNodeAsync("node2");
        Transfer second = child.Fetch(Cluster["img"], []);
        Assert.Null(await Until.DoneAsync(second.Finished)); // it wants nothing by itself
        Task<ContentRange> demanded = second.ReadAsync((ulong)(30 * Chunk), 100, default).AsTask();
        while (!demanded.IsCompleted)
        {
            await Until.TrueAsync(() => meter.IsUsedUp || demanded.IsCompleted);
            meter.Add(Chunk / 4);
        }
        Assert.Equal(Img.AsSpan(30 * Chunk, 100).ToArray(), (await demanded).Bytes.ToArray());
        Assert.InRange(first.Have, 0UL, 8UL * Chunk);
        Assert.Equal((ulong)Chunk, second.Have);
        meter.Open();
    }

    [Fact]
    public async Task A_partly_wanted_content_still_serves_every_chunk_to_a_child()
    {
        await using RunningNode parent = await Cluster.StartNodeAsync("node1");
        DataReference wanted = new(Cluster["img"].Data.Content, 3 * Chunk, 10);
        Transfer first = parent.Fetch(Cluster["img"], [wanted]);
        Assert.Null(await Until.DoneAsync(first.Finished));
        Assert.Equal((ulong)Chunk, first.Have);
        await using RunningNode child = await Cluster.StartNodeAsync("node2");
        Transfer second = child.Fetch(Cluster["img"]);
        Assert.Null(await Until.DoneAsync(second.Finished));
        Assert.Equal(Img, await RunningNode.BytesAsync(second));
        Assert.Equal(0, child.Node.Counters.FromMaster);
        Assert.Equal((ulong)Size, first.Have);
        Assert.Equal(Size, await Cluster.StatAsync("bytes-served"));
    }

    [Fact]
    public async Task Ranges_fetch_the_chunks_that_they_touch_and_no_others()
    {
        await using RunningNode node = await Cluster.StartNodeAsync("node1");
        Digest img = Cluster["img"].Data.Content;
        Transfer transfer = node.Fetch(Cluster["img"],
            [new(img, Chunk - 1, 2), new(img, 5 * Chunk, Chunk), new(img, 40 * Chunk, 5), new(img, 7 * Chunk, 0)]);
        Assert.Null(await Until.DoneAsync(transfer.Finished));
        Assert.Equal([0, 1, 5, 40], Enumerable.Range(0, 41).Where(i => transfer.Store!.Map[i]));
    }

    [Fact]
    public async Task A_reader_who_gives_up_leaves_nothing_behind()
    {
        (RunningNode node, Meter meter) = await HeldBackAsync("node1");
        Transfer transfer = node.Fetch(Cluster["img"]);
        using var patience = new CancellationTokenSource();
        Task<ContentRange> read = transfer.ReadAsync(0, 100, patience.Token).AsTask();
        await patience.CancelAsync();
        Assert.True((await Until.DoneAsync(read)).IsError);
        meter.Open();
        Assert.Null(await Until.DoneAsync(transfer.Finished));
        Assert.Equal(Img, await RunningNode.BytesAsync(transfer));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Of_many_readers_those_who_stay_get_their_bytes_whoever_gives_up(int seed)
    {
        var random = new Random(seed);
        (RunningNode node, Meter meter) = await HeldBackAsync("node1");
        Transfer transfer = node.Fetch(Cluster["img"], []);
        var readers = new List<(int Offset, bool Stays, Task<ContentRange> Read)>();
        var leaving = new List<CancellationTokenSource>();
        for (int round = 0; round < 40; round++)
        {
            for (int i = 0; i < 10; i++)
            {
                // Few chunks, so that many wait for the same one; those who have waited are reused by the next round.
                int offset = (random.Next(4) + round / 10 * 4) * Chunk + random.Next(Chunk);
                bool stays = random.Next(2) == 0;
                CancellationToken ct = default;
                if (!stays)
                {
                    leaving.Add(new CancellationTokenSource());
                    ct = leaving[^1].Token;
                }
                readers.Add((offset, stays, transfer.ReadAsync((ulong)offset, 1, ct).AsTask()));
            }
            foreach (CancellationTokenSource one in leaving.ToArray().Where(_ => random.Next(3) == 0))
            {
                _ = Task.Run(one.Cancel); // beside the chunk that comes just now
                leaving.Remove(one);
            }
            meter.Add(random.Next(Chunk));
            if (random.Next(4) == 0)
                await Task.Yield();
        }
        meter.Open();
        foreach ((int offset, bool stays, Task<ContentRange> read) in readers)
        {
            using ContentRange range = await Until.DoneAsync(read);
            byte[] bytes = new byte[1];
            Errno error = range.CopyTo(bytes);
            Assert.True(error == 0 || (!stays && error == Errno.EINTR), $"{error}");
            Assert.Equal(error == 0 ? Img[offset] : 0, bytes[0]);
        }
    }

    [Fact]
    public async Task A_worker_shows_contents_by_digest_and_nothing_else()
    {
        await using RunningNode node = await Cluster.StartNodeAsync("node1");
        Assert.Null(await Until.DoneAsync(node.Fetch(Cluster["img"]).Finished));
        Assert.Single((await Cluster.TreeAsync(Cluster["img"]))!.Routes);
        await using TreeClient client = await Cluster.AttachToAsync(node, Cluster["img"]);
        Assert.Equal([Names.Xget], await client.ListAsync());
        Assert.Equal([Names.Objects], await client.ListAsync(Names.Xget));
        Assert.Equal([Cluster["img"].Data.Content.ToString()], await client.ListAsync(Names.Xget, Names.Objects));
        Assert.Equal(["checksum", "chunks", "data", "front"], await client.ListAsync(Names.Xget, Names.Objects, Cluster["img"].Data.Content.ToString()));
        Assert.Equal(Img, await client.ReadBytesAsync(TreeClient.Of(Cluster["img"], Names.Data)));
        Assert.Equal($"{Cluster["img"].Data.Content} {Size} {Chunk}\n", await client.ReadAsync(TreeClient.Of(Cluster["img"], Names.Checksum)));
    }
}
