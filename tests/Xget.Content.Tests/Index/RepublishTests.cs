using Mono.Unix.Native;

namespace Xget.Content.Tests;

/// <summary>What has not changed is not hashed again, in the same process or after a restart.</summary>
public sealed class RepublishTests : IDisposable
{
    private readonly SourceFolder _folder = new();
    private readonly SourceFolder _elsewhere = new();

    public RepublishTests()
    {
        for (var i = 0; i < 100; i++)
            _folder.Write($"d{i % 5}/{i}", 1000 + i, seed: i);
        _folder.Write("large", 1_000_000);
        _folder.Write("empty", []);
    }

    [Fact]
    public async Task A_restart_hashes_nothing_and_gives_the_same_generation()
    {
        Generation before;
        using (var index = DigestIndex.Open(_elsewhere["index"]))
            before = await _folder.Publish(index);
        var progress = new LastProgress();
        using (var index = DigestIndex.Open(_elsewhere["index"]))
        using (var after = await _folder.Publish(index, progress: progress))
        {
            Assert.Equal((0L, 0L), (progress.Last.BytesToHash, progress.Last.BytesHashed));
            Assert.Equal(108, progress.Last.FilesSeen);    // with six directories
            Assert.Equal(before.Root, after.Root);
            Assert.Equal(before.Contents.Order(), after.Contents.Order());
            Assert.Equal(before.At("large").Adler32, after.At("large").Adler32);
            Assert.Equal(before.At("d3/3").Adler32, after.At("d3/3").Adler32);
            Assert.Equal(before.At("d3/3").Id, after.At("d3/3").Id);
            Assert.Equal(File.ReadAllBytes(_folder["d3/3"]), after.At("d3/3").ReadAll());
        }
        before.Dispose();
    }

    [Fact]
    public async Task Only_what_has_changed_is_hashed_again()
    {
        using var index = DigestIndex.InMemory();
        using var before = await _folder.Publish(index);
        _folder.Write("large", 2_000_000, seed: 5);
        SourceFolder.Ok(Syscall.chmod(_folder.Make("d1"), FilePermissions.S_IRWXU));
        var progress = new LastProgress();
        using var after = await _folder.Publish(index, progress: progress);
        Assert.Equal((2_000_000L, 2_000_000L), (progress.Last.BytesToHash, progress.Last.BytesHashed));
        Assert.NotEqual(before.Root, after.Root);
        Assert.Equal(before.At("d2").Children.Select(file => file.Data), after.At("d2").Children.Select(file => file.Data));
        Assert.Equal(File.ReadAllBytes(_folder["large"]), after.At("large").ReadAll());
    }

    [Theory]
    [InlineData(99, 0)]
    [InlineData(101, 1)]
    public async Task A_file_that_changed_less_than_100_ms_before_is_not_remembered(int milliseconds, int remembered)
    {
        using var fresh = new SourceFolder();
        SourceFolder.Ok(Syscall.stat(fresh.Write("file", 1000), out var stat));
        var changed = DateTimeOffset.FromUnixTimeSeconds(stat.st_ctime).AddTicks(stat.st_ctime_nsec / 100);
        using var index = DigestIndex.InMemory();
        using var generation = await new Publisher(new StandingClock(changed.AddMilliseconds(milliseconds)))
            .PublishAsync(fresh.Root, index, 1, new PublishOptions());
        Assert.Equal(remembered, index.Count);
        Assert.Equal(1000, generation.At("file").ReadAll().Length);
    }

    [Fact]
    public async Task What_was_hashed_before_an_interruption_is_not_hashed_again()
    {
        using var index = DigestIndex.Open(_elsewhere["index"]);
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new Publisher(Publishing.LaterClock).PublishAsync(
            _folder.Root, index, 1, new PublishOptions { Parallelism = 1 }, new StopAfterFirst(stop), stop.Token));
        Assert.Equal(1, index.Count);
        var progress = new LastProgress();
        using var generation = await _folder.Publish(index, progress: progress);
        Assert.InRange(progress.Last.BytesHashed, 1, generation.Bytes - 1);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _elsewhere.Dispose();
    }

    private sealed class StandingClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }

    private sealed class StopAfterFirst(CancellationTokenSource stop) : IProgress<PublishProgress>
    {
        public void Report(PublishProgress value)
        {
            if (value.BytesHashed > 0)
                stop.Cancel();
        }
    }
}
