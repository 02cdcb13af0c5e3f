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
    public void Time_stamps_of_whole_seconds_settle_after_two_seconds_and_fine_ones_after_the_kernels_tick()
    {
        var changed = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);
        var coarse = new FileIdentity(1, 2, 3, new(1_600_000_000, 0), new(1_700_000_000, 0));
        var tenMilliseconds = new FileIdentity(1, 2, 3, new(1_600_000_000, 0), new(1_700_000_000, 10_000_000));
        var fine = new FileIdentity(1, 2, 3, new(1_600_000_000, 0), new(1_700_000_000, 1));
        foreach (var (identity, milliseconds, settled) in new[]
        {
            (coarse, 2100, false), (coarse, 2101, true), (tenMilliseconds, 2110, false), (tenMilliseconds, 2111, true),
            (fine, 100, false), (fine, 101, true),
        })
            Assert.Equal(settled, RacyTimes.AreSettled(identity, changed.AddMilliseconds(milliseconds)));
    }

    [Fact]
    public void A_modification_time_in_the_future_is_settled_and_one_of_now_is_not()
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);
        Assert.True(RacyTimes.AreSettled(new(1, 2, 3, new(1_800_000_000, 0), new(1_600_000_000, 1)), now));
        Assert.False(RacyTimes.AreSettled(new(1, 2, 3, new(1_700_000_000, 0), new(1_600_000_000, 1)), now));
    }

    [SkippableFact]
    public async Task A_rewrite_of_the_same_size_within_a_second_is_published_on_a_file_system_of_whole_seconds()
    {
        Prerequisite.Root();
        // ext4 with inodes of 128 bytes has no room for fractions of a second.
        SourceFolder.Run("bash", "-c", $"truncate -s 8M {_elsewhere["image"]} && mkfs.ext4 -q -I 128 {_elsewhere["image"]} 2>/dev/null");
        SourceFolder.Run("mount", "-o", "loop", _elsewhere["image"], _elsewhere.Make("tree/mnt"));
        try
        {
            using var index = DigestIndex.InMemory();
            var publisher = new Publisher(TimeProvider.System);
            for (var i = 0; i < 5; i++)
            {
                File.WriteAllText(_elsewhere["tree/mnt/file"], $"AAAA{i}");
                using var first = await publisher.PublishAsync(_elsewhere["tree"], index, 1, new PublishOptions());
                File.WriteAllText(_elsewhere["tree/mnt/file"], $"BBBB{i}");
                using var second = await publisher.PublishAsync(_elsewhere["tree"], index, 2, new PublishOptions());
                Assert.Equal(Adler32.Append(1, System.Text.Encoding.ASCII.GetBytes($"BBBB{i}")), second.At("mnt/file").Adler32);
            }
        }
        finally
        {
            SourceFolder.Run("umount", _elsewhere["tree/mnt"]);
        }
    }

    [SkippableFact]
    public async Task A_device_number_that_changes_over_a_remount_hashes_nothing_again()
    {
        Prerequisite.Root();
        SourceFolder.Run("bash", "-c", $"truncate -s 8M {_elsewhere["image"]} && mkfs.ext4 -q -I 256 {_elsewhere["image"]} 2>/dev/null");
        _elsewhere.Make("tree/mnt");
        var device = Mount("tree/mnt");
        _elsewhere.Write("tree/mnt/large", 1_000_000);
        _elsewhere.Write("tree/mnt/small", 1000);
        _elsewhere.Write("tree/other", 1000);
        using var index = DigestIndex.InMemory();
        using (await _elsewhere.Publish(index, path: "tree"))
            SourceFolder.Run("umount", _elsewhere["tree/mnt"]);
        // Another file system takes the free device.
        SourceFolder.Run("cp", _elsewhere["image"], _elsewhere["image2"]);
        _elsewhere.Make("aside");
        var aside = Mount("aside", "image2");
        var progress = new LastProgress();
        try
        {
            Skip.If(device == Mount("tree/mnt"), "the device number did not change");
            using var again = await _elsewhere.Publish(index, path: "tree", progress: progress);
            Assert.Equal((0L, 3L), (progress.Last.BytesToHash, again.Files));
        }
        finally
        {
            SourceFolder.Run("umount", _elsewhere["tree/mnt"], _elsewhere["aside"]);
        }

        ulong Mount(string path, string image = "image")
        {
            SourceFolder.Run("mount", "-o", "loop", _elsewhere[image], _elsewhere[path]);
            SourceFolder.Ok(Syscall.stat(_elsewhere[path], out var stat));
            return stat.st_dev;
        }
    }

    [Fact]
    public void What_differs_in_the_device_only_is_known_by_the_place_of_its_file_system_unless_its_times_are_coarse()
    {
        var systems = new FileSystems();
        var root = new PublishedNode(null, default, 0, new EntryAttributes { Type = EntryType.Directory });
        var below = new PublishedNode(root, FileName.Of("mnt"), 0, new EntryAttributes { Type = EntryType.Directory });
        using var file = File.OpenHandle("/proc/self/exe");
        systems.Enter(file, 7, root);
        systems.Enter(file, 8, below);
        systems.Enter(file, 9, root);
        var fine = new FileIdentity(7, 2, 3, default, new(5, 1));
        Assert.Equal(systems.Lasting(fine), systems.Lasting(fine with { Device = 9 }));
        Assert.NotEqual(systems.Lasting(fine), systems.Lasting(fine with { Device = 8 }));
        Assert.NotEqual(systems.Lasting(fine), systems.Lasting(fine with { Ctime = new(5, 2) }));
        var coarse = fine with { Ctime = new(5, 0) };
        Assert.NotEqual(systems.Lasting(coarse), systems.Lasting(coarse with { Device = 9 }));
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
