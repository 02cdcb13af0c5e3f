using Mono.Unix.Native;
using Xget.Content.Cache;
using Xget.Content.Tests.Store;

namespace Xget.Content.Tests.Cache;

/// <summary>What goes when room is short.</summary>
public sealed class EvictionTests : IDisposable
{
    private const int Size = 16 * Sample.ChunkSize;
    private const ulong Each = Size + 8192; // with its map

    private readonly CacheFolder _folder = new();
    private readonly Sample[] _samples = [.. Enumerable.Range(1, 6).Select(seed => Sample.Random(Size, seed))];

    [Fact]
    public async Task The_least_recently_used_content_goes_first()
    {
        using ContentCache cache = _folder.Open(limit: 4 * Each);
        foreach (Sample sample in _samples[..4])
            await Use(cache, sample);
        await Use(cache, _samples[0]);
        await Use(cache, _samples[4]);
        Assert.Equal([true, false, true, true, true, false], _samples.Select(_folder.Has));
        await Use(cache, _samples[5]);
        Assert.Equal([true, false, false, true, true, true], _samples.Select(_folder.Has));
        Assert.Equal(2, cache.Statistics.Evicted);
        Assert.Equal(4, cache.Statistics.Contents);
        Assert.InRange(cache.Statistics.Bytes, 3 * Each, 4 * Each);
        Assert.False(File.Exists(_folder.MapPath(_samples[1])));
    }

    [Fact]
    public async Task The_order_of_use_is_kept_over_a_restart()
    {
        using (ContentCache first = _folder.Open())
        {
            foreach (Sample sample in _samples[..4])
                await Use(first, sample);
            await Use(first, _samples[0]);
        }
        using ContentCache cache = _folder.Open(limit: 4 * Each);
        await Use(cache, _samples[4]);
        Assert.Equal([true, false, true, true, true, false], _samples.Select(_folder.Has));
    }

    [Fact]
    public async Task A_lower_limit_takes_effect_when_something_is_opened()
    {
        using (ContentCache first = _folder.Open())
        {
            foreach (Sample sample in _samples[..5])
                await Use(first, sample);
        }
        using ContentCache cache = _folder.Open(limit: 2 * Each);
        Assert.Equal(5, cache.Statistics.Contents);
        using CachedContent content = await CacheFolder.OpenIn(cache, _samples[0]);
        Assert.Equal([true, false, false, false, true, false], _samples.Select(_folder.Has));
    }

    [Fact]
    public async Task What_is_open_stays_whoever_has_it_open()
    {
        using ContentCache cache = _folder.Open(limit: 4 * Each);
        using ContentCache other = _folder.Open();
        foreach (Sample sample in _samples[..4])
            await Use(cache, sample);
        using CachedContent whole = await CacheFolder.OpenIn(other, _samples[0]);
        using CachedContent own = await CacheFolder.OpenIn(cache, _samples[1]);
        await Use(cache, _samples[4]);
        Assert.Equal([true, true, false, true, true, false], _samples.Select(_folder.Has));
        CacheFolder.AssertReads(_samples[0], whole);
        CacheFolder.AssertReads(_samples[1], own);
    }

    [Fact]
    public async Task Another_process_that_removes_and_refills_does_no_harm_to_who_comes_later()
    {
        using ContentCache first = _folder.Open();
        foreach (Sample sample in _samples)
        {
            await Use(first, sample);
            using ContentCache second = _folder.Open(limit: 2 * Each);
            using CachedContent content = await CacheFolder.OpenIn(second, sample);
            CacheFolder.AssertReads(sample, content);
        }
        Assert.Equal([false, false, false, false, true, true], _samples.Select(_folder.Has));
        Assert.Empty(Directory.GetFiles(_folder.Root, "tmp-*"));
    }

    [Fact]
    public async Task When_everything_is_open_the_rest_is_read_through_memory()
    {
        using ContentCache cache = _folder.Open(limit: Each, memory: 4 * Sample.ChunkSize);
        using CachedContent first = await CacheFolder.OpenIn(cache, _samples[0]);
        _samples[0].WriteAllTo(first);
        using CachedContent second = await CacheFolder.OpenIn(cache, _samples[1]);
        for (int chunk = 0; chunk < 16; chunk++)
        {
            Assert.Equal((Errno)0, second.Write(chunk, _samples[1].Chunk(chunk)));
            Assert.Equal(_samples[1].Chunk(chunk), Sample.Read(second, _samples[1].Table.OffsetOf(chunk), Sample.ChunkSize));
        }
        int[] kept = CacheFolder.ChunksOf(second);
        Assert.Equal([12, 13, 14, 15], kept[^4..]);
        Assert.InRange(kept.Length, 4, 5); // one may have had room on the disk
        Assert.Equal(kept.Length, CacheFolder.AssertNothingWrong(_samples[1], second));
        Assert.False(second.IsWhole);

        // Room comes back when something is closed.
        first.Dispose();
        _samples[1].WriteAllTo(second);
        CacheFolder.AssertReads(_samples[1], second);
        Assert.Equal([false, true], _samples[..2].Select(_folder.Has));
    }

    [Fact]
    public async Task The_memory_is_shared_by_all_contents_and_given_back()
    {
        using ContentCache cache = _folder.Open(limit: 0, memory: 4 * Sample.ChunkSize);
        using CachedContent first = await CacheFolder.OpenIn(cache, _samples[0]);
        for (int chunk = 0; chunk < 3; chunk++)
            first.Write(chunk, _samples[0].Chunk(chunk));
        using (CachedContent second = await CacheFolder.OpenIn(cache, _samples[1]))
        {
            for (int chunk = 0; chunk < 3; chunk++)
                second.Write(chunk, _samples[1].Chunk(chunk));
            Assert.Equal([2], CacheFolder.ChunksOf(first));
            Assert.Equal([0, 1, 2], CacheFolder.ChunksOf(second));
            Assert.Equal(Errno.ENODATA, first.Read(0, 1).Error);
        }
        for (int chunk = 0; chunk < 3; chunk++)
            first.Write(chunk, _samples[0].Chunk(chunk));
        Assert.Equal([0, 1, 2], CacheFolder.ChunksOf(first));
    }

    [Fact]
    public async Task Zeros_need_neither_room_nor_memory()
    {
        Sample zeros = Sample.Of(new byte[200 << 10], chunkSize: 128 << 10);
        using ContentCache cache = _folder.Open(limit: 0, memory: 0);
        Scratch.Run("rm", "-rf", _folder.Root); // so that there is no file
        using CachedContent content = await CacheFolder.OpenIn(cache, zeros);
        Assert.True(content.Map.IsComplete);
        CacheFolder.AssertReads(zeros, content);
    }

    [Fact]
    public async Task Free_space_is_left_to_others()
    {
        using ContentCache cache = _folder.Open(minFree: long.MaxValue);
        using CachedContent content = await CacheFolder.OpenIn(cache, _samples[0]);
        content.Write(0, _samples[0].Chunk(0));
        Assert.Equal(_samples[0].Chunk(0), Sample.Read(content, 0, Sample.ChunkSize));
        Assert.Equal("0", Scratch.Stat(_folder.DataPath(_samples[0]), "%b"));
    }

    public void Dispose() => _folder.Dispose();

    private async Task Use(ContentCache cache, Sample sample)
    {
        _folder.Clock.Advance(TimeSpan.FromSeconds(2));
        await CacheFolder.Store(cache, sample);
    }
}
