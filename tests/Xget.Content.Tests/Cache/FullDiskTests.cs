using Mono.Unix.Native;
using Xget.Content.Cache;
using Xget.Content.Tests.Store;

namespace Xget.Content.Tests.Cache;

/// <summary>A disk without room makes reading slower, nothing else. A tmpfs of 1 MiB.</summary>
/// <remarks>
/// Alone: a removed file gives its room with its last descriptor, and a child process that another test is just starting
/// has them all for a moment.
/// </remarks>
[Collection(nameof(FullDiskTests))]
[CollectionDefinition(nameof(FullDiskTests), DisableParallelization = true)]
public sealed class FullDiskTests
{
    [SkippableFact]
    public async Task What_is_not_in_use_makes_room_and_the_rest_is_read_through()
    {
        Prerequisite.Root();
        using TmpFs disk = new();
        using CacheFolder folder = new(disk.Path);
        using ContentCache cache = folder.Open(memory: 256 << 10); // no limit but the disk's own
        Sample old = Sample.Random(512 << 10, seed: 1, chunkSize: 65536);
        Sample large = Sample.Random(3 << 20, seed: 2, chunkSize: 65536);
        await CacheFolder.Store(cache, old);
        using (CachedContent content = await CacheFolder.OpenIn(cache, large))
        {
            for (int chunk = 0; chunk < large.Table.Count; chunk++)
            {
                Assert.Equal((Errno)0, content.Write(chunk, large.Chunk(chunk)));
                Assert.Equal(large.Chunk(chunk), Sample.Read(content, large.Table.OffsetOf(chunk), 65536));
            }
            Assert.False(folder.Has(old));
            Assert.Equal(1, cache.Statistics.Evicted);
            Assert.Equal([44, 45, 46, 47], CacheFolder.ChunksOf(content)[^4..]);
            Assert.InRange(CacheFolder.AssertNothingWrong(large, content), 14, 20);
        }
        using (CachedContent again = await CacheFolder.OpenIn(cache, large))
            Assert.InRange(CacheFolder.AssertNothingWrong(large, again), 10, 16);
        folder.Clock.Advance(TimeSpan.FromSeconds(2));
        await CacheFolder.Store(cache, old); // the large one makes room in turn
        Assert.Equal([true, false], new[] { old, large }.Select(folder.Has));
        using CachedContent last = await CacheFolder.OpenIn(cache, old);
        Assert.True(await last.VerifyAllAsync(default));
    }

    [SkippableFact]
    public async Task The_free_space_floor_is_kept()
    {
        Prerequisite.Root();
        using TmpFs disk = new();
        using CacheFolder folder = new(disk.Path);
        using ContentCache cache = folder.Open(minFree: 512 << 10, memory: 256 << 10);
        for (int seed = 0; seed < 8; seed++)
        {
            folder.Clock.Advance(TimeSpan.FromSeconds(2));
            await CacheFolder.Store(cache, Sample.Random(100 << 10, seed, chunkSize: 16384));
            Assert.True(new DriveInfo(disk.Path).AvailableFreeSpace >= (512 - 16) << 10); // maps are not asked for
        }
        Assert.InRange(cache.Statistics.Contents, 3, 5);
    }

    [SkippableFact]
    public async Task A_disk_that_can_only_be_read_still_serves_what_is_there_and_caches_nothing_new()
    {
        Prerequisite.Root();
        using TmpFs disk = new();
        using CacheFolder folder = new(disk.Path);
        using ContentCache cache = folder.Open();
        Sample first = Sample.Random(100 << 10, seed: 1);
        await CacheFolder.Store(cache, first);
        Scratch.Run("mount", "-o", "remount,ro", disk.Path);
        Sample second = Sample.Random(100 << 10, seed: 2);
        using CachedContent content = await CacheFolder.OpenIn(cache, second);
        Assert.False(content.IsCached);
        second.WriteAllTo(content);
        CacheFolder.AssertReads(second, content);
    }

    private sealed class TmpFs : IDisposable
    {
        public TmpFs() => Scratch.Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", Path);

        public string Path { get; } = Directory.CreateTempSubdirectory("xget-cache-full-").FullName;

        public void Dispose()
        {
            Scratch.Run("umount", "-l", Path);
            Directory.Delete(Path);
        }
    }
}
