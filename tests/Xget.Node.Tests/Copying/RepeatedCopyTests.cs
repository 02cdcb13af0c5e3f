using Mono.Unix.Native;
using Xget.Content.Store;
using Xget.Node.Copying;
using Xget.Node.Fetching;

namespace Xget.Node.Tests.Copying;

/// <summary>Copies onto what an earlier one, whole or not, has left.</summary>
public sealed class RepeatedCopyTests : CopyTests
{
    private const int Chunk = 32 << 10;
    private const int Large = 40 * Chunk;
    private const int DirectoryObjects = 20_000;

    [Fact]
    public async Task A_changed_byte_in_a_large_file_moves_one_chunk()
    {
        byte[] bytes = Source.Add("large", Files.Random(Large));
        await using TestCluster cluster = await ServeAsync();
        await CopyAsync(cluster);
        string copy = Path.Combine(Destination(), "large");
        using (FileStream file = File.OpenWrite(copy))
        {
            file.Position = 7 * Chunk + 5;
            file.WriteByte((byte)~bytes[7 * Chunk + 5]);
        }
        (_, Counters moved) = await CopyAsync(cluster);
        Assert.Equal(bytes, File.ReadAllBytes(copy));
        Assert.InRange(moved.FromMaster, Chunk, Chunk + DirectoryObjects);
    }

    [Fact]
    public async Task A_file_that_is_too_long_or_too_short_becomes_right_without_moving_what_is_there()
    {
        byte[] bytes = Source.Add("large", Files.Random(Large));
        await using TestCluster cluster = await ServeAsync();
        string copy = Path.Combine(Destination(), "large");
        foreach (long length in new long[] { Large + 5, Large - Chunk - 5 })
        {
            await CopyAsync(cluster);
            using (FileStream file = File.OpenWrite(copy))
                file.SetLength(length);
            (_, Counters moved) = await CopyAsync(cluster);
            Assert.Equal(bytes, File.ReadAllBytes(copy));
            Assert.InRange(moved.FromMaster, 0, 2 * Chunk + DirectoryObjects);
        }
    }

    [Fact]
    public async Task Metadata_that_differs_is_set_without_moving_bytes()
    {
        Source.Add("large", Files.Random(Large));
        Source.Add("small", [1, 2, 3]);
        await using TestCluster cluster = await ServeAsync();
        await CopyAsync(cluster);
        foreach (string name in new[] { "large", "small" })
        {
            File.SetLastWriteTimeUtc(Path.Combine(Destination(), name), DateTime.UnixEpoch);
            Assert.Equal(0, Syscall.chmod(Path.Combine(Destination(), name), FilePermissions.S_IRUSR));
        }
        (_, Counters moved) = await CopyAsync(cluster);
        Assert.InRange(moved.FromMaster, 0, DirectoryObjects);
        Lab.TreeWitness.ExpectSame(Source.Root, Destination());
    }

    [Fact]
    public async Task An_interrupted_copy_goes_on_from_what_is_verified()
    {
        byte[] bytes = Source.Add("large", Files.Random(Large));
        await using TestCluster cluster = await ServeAsync();
        var meter = new Meter(20 * Chunk);
        HostTransport host = cluster.NewHost();
        host.MeterOf = (to, number) => number == 2 ? meter : null;
        RunningNode node = await cluster.StartNodeAsync("node1", host: host);
        using (Destination destination = Open())
        {
            Task<CopyResult> copy = JobOf(node, destination).RunAsync(["."], default);
            await Until.TrueAsync(() => meter.IsUsedUp);
            await Until.DoneAsync(node.DisposeAsync().AsTask());
            await Assert.ThrowsAsync<CopyException>(() => Until.DoneAsync(copy));
        }
        long before = node.Node.Counters.FromMaster;
        Assert.InRange(before, 10 * Chunk, 20 * Chunk);
        Assert.False(File.Exists(Path.Combine(Destination(), "large")), "a file appears whole or not at all");
        (_, Counters moved) = await CopyAsync(cluster);
        Assert.Equal(bytes, File.ReadAllBytes(Path.Combine(Destination(), "large")));
        Assert.InRange(moved.FromMaster, Large - before, Large - before + DirectoryObjects);
        Assert.Equal(["large"], Directory.GetFileSystemEntries(Destination()).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_cancelled_copy_ends_and_can_be_run_again()
    {
        Source.Add("large", Files.Random(Large));
        await using TestCluster cluster = await ServeAsync();
        var meter = new Meter(5 * Chunk);
        HostTransport host = cluster.NewHost();
        host.MeterOf = (to, number) => number == 2 ? meter : null;
        RunningNode node = await cluster.StartNodeAsync("node1", host: host);
        using var cancel = new CancellationTokenSource();
        using (Destination destination = Open())
        {
            Task<CopyResult> copy = JobOf(node, destination).RunAsync(["."], cancel.Token);
            await Until.TrueAsync(() => meter.IsUsedUp);
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Until.DoneAsync(copy));
            await Until.DoneAsync(node.DisposeAsync().AsTask());
        }
        await CopyAsync(cluster);
        Lab.TreeWitness.ExpectSame(Source.Root, Destination());
    }

    [Fact]
    public async Task A_new_generation_moves_only_what_changed()
    {
        Source.Add("large", Files.Random(Large));
        Source.Add("other", Files.Random(3 * Chunk, 2));
        await using (TestCluster cluster = await ServeAsync())
            await CopyAsync(cluster);
        Source.Add("other", Files.Random(3 * Chunk, 3));
        await using TestCluster next = await ServeAsync();
        (_, Counters moved) = await CopyAsync(next);
        Assert.InRange(moved.FromMaster, 3 * Chunk, 3 * Chunk + DirectoryObjects);
        Lab.TreeWitness.ExpectSame(Source.Root, Destination());
    }
}
