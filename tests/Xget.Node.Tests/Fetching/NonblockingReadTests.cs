using Mono.Unix.Native;
using Xget.Content;
using Xget.NineP;
using Xget.Node.Fetching;
using Xget.Node.Wire;

namespace Xget.Node.Tests.Fetching;

/// <summary><c>data</c> opened with O_NONBLOCK: what is here is given, what is not is not waited for.</summary>
public sealed class NonblockingReadTests : EngineTests
{
    private const OpenFlags Nonblocking = OpenFlags.O_RDONLY | OpenFlags.O_NONBLOCK;

    private string[] Data => TreeClient.Of(Cluster["img"], Names.Data);

    /// <summary>Reads at a chunk: its bytes, or why there are none.</summary>
    private static async Task<(Errno Error, byte[] Bytes)> ReadAsync(TreeClient client, TreeClient.OpenPath data, int chunk, int count)
    {
        byte[] bytes = new byte[count];
        Reply<int> read = await client.Client.ReadAsync(data.Fid, (ulong)chunk * Chunk, bytes);
        return (read.Error, bytes[..read.Value]);
    }

    [Fact]
    public async Task The_master_has_everything()
    {
        await using TreeClient client = await Cluster.AttachAsync("reader");
        TreeClient.OpenPath data = await client.OpenAsync(Nonblocking, Data);
        (Errno error, byte[] bytes) = await ReadAsync(client, data, 7, 2 * Chunk);
        Assert.Equal((Errno)0, error);
        Assert.Equal(Img.AsSpan(7 * Chunk, 2 * Chunk).ToArray(), bytes);
        Assert.Equal(Img[^5..], (await ReadAsync(client, data, 40, Chunk)).Bytes);
        (error, bytes) = await ReadAsync(client, data, 41, Chunk);
        Assert.Equal(((Errno)0, 0), (error, bytes.Length));
        Assert.Equal(2 * Chunk + 5, await Cluster.StatAsync("bytes-served"));
    }

    [Fact]
    public async Task A_worker_gives_what_it_has_and_EAGAIN_for_what_it_has_not_which_it_does_not_fetch_for_that()
    {
        await using RunningNode worker = await Cluster.StartNodeAsync("node1");
        Transfer transfer = worker.Fetch(Cluster["img"], [new DataReference(Cluster["img"].Data.Content, 3 * Chunk, 2 * Chunk)]);
        Assert.Null(await Until.DoneAsync(transfer.Finished));
        await using TreeClient child = await Cluster.AttachToAsync(worker, Cluster["img"]);
        TreeClient.OpenPath data = await child.OpenAsync(Nonblocking, Data);
        (Errno error, byte[] bytes) = await ReadAsync(child, data, 3, 4 * Chunk);
        Assert.Equal((Errno)0, error);
        Assert.Equal(Img.AsSpan(3 * Chunk, 2 * Chunk).ToArray(), bytes);
        Assert.Equal((Errno.EAGAIN, 0), await ErrorAsync(child, data, 5));
        Assert.Equal((Errno.EAGAIN, 0), await ErrorAsync(child, data, 2));
        Assert.Equal(2UL * Chunk, transfer.Have);

        // A read that waits fetches it; then it is here for all.
        TreeClient.OpenPath waiting = await child.OpenAsync(OpenFlags.O_RDONLY, Data);
        Assert.Equal(Img.AsSpan(5 * Chunk, Chunk).ToArray(), (await ReadAsync(child, waiting, 5, Chunk)).Bytes);
        Assert.Equal(Img.AsSpan(5 * Chunk, Chunk).ToArray(), (await ReadAsync(child, data, 5, Chunk)).Bytes);
        Assert.Equal(4L * Chunk, worker.Node.Counters.ToOthers);
    }

    private static async Task<(Errno, int)> ErrorAsync(TreeClient client, TreeClient.OpenPath data, int chunk)
    {
        (Errno error, byte[] bytes) = await ReadAsync(client, data, chunk, Chunk);
        return (error, bytes.Length);
    }

    [Fact]
    public async Task A_worker_that_knows_nothing_but_the_digest_yet_says_EAGAIN_too()
    {
        var store = new TaskCompletionSource();
        await using RunningNode worker = await Cluster.StartNodeAsync("node1");
        Transfer transfer = worker.Fetch(Cluster["img"], async (table, ct) =>
        {
            await store.Task.WaitAsync(ct);
            return await RunningNode.InMemory(table, ct);
        });
        await Until.TrueAsync(async () => await Cluster.TreeAsync(Cluster["img"]) is not null);
        await using TreeClient child = await Cluster.AttachToAsync(worker, Cluster["img"]);
        TreeClient.OpenPath data = await child.OpenAsync(Nonblocking, Data);
        Assert.Equal((Errno.EAGAIN, 0), await ErrorAsync(child, data, 0));
        store.SetResult();
        Assert.Null(await Until.DoneAsync(transfer.Finished));
        Assert.Equal(Img[..Chunk], (await ReadAsync(child, data, 0, Chunk)).Bytes);
        Assert.Equal(((Errno)0, 0), await ErrorAsync(child, data, 41)); // the end
    }
}
