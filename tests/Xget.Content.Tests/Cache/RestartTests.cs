using Xget.Content.Cache;
using Xget.Content.Tests.Store;

namespace Xget.Content.Tests.Cache;

/// <summary>What a cache believes of what an earlier run left.</summary>
public sealed class RestartTests : IDisposable
{
    private readonly CacheFolder _folder = new();
    private readonly Sample _sample = Sample.Random(20 * Sample.ChunkSize + 99);

    [Fact]
    public async Task A_whole_content_is_there_at_once()
    {
        using (ContentCache first = _folder.Open())
            await CacheFolder.Store(first, _sample);
        using ContentCache cache = _folder.Open();
        Assert.Equal([_sample.Table.Content], cache.Complete);
        Assert.True(cache.TryFindTable(_sample.Table.Content, out ChunkTable? table));
        Assert.Equal(_sample.Table.Encoded.Span, table!.Encoded.Span);
        using CachedContent content = await CacheFolder.OpenIn(cache, _sample);
        Assert.True(content.IsWhole);
        Assert.True(content.Verified.IsCompleted);
        CacheFolder.AssertReads(_sample, content);
        CacheStatistics statistics = cache.Statistics;
        Assert.Equal((1, 1L, 0L, 0L), (statistics.Contents, statistics.Hits, statistics.Misses, statistics.CorruptFound));
        Assert.InRange(statistics.Bytes, (ulong)_sample.Bytes.Length, (ulong)_sample.Bytes.Length + 16384);
    }

    [Fact]
    public async Task An_unfinished_content_keeps_its_chunks_and_its_table()
    {
        using (ContentCache first = _folder.Open())
        {
            using CachedContent content = await CacheFolder.OpenIn(first, _sample);
            foreach (int chunk in new[] { 3, 7, 20 })
                content.Write(chunk, _sample.Chunk(chunk));
        }
        using ContentCache cache = _folder.Open();
        Assert.Empty(cache.Complete);
        Assert.True(cache.TryFindTable(_sample.Table.Content, out _));
        using CachedContent again = await CacheFolder.OpenIn(cache, _sample);
        Assert.Equal([3, 7, 20], CacheFolder.ChunksOf(again));
        Assert.Equal((0L, 1L), (cache.Statistics.Hits, cache.Statistics.Misses));
        _sample.WriteAllTo(again);
        CacheFolder.AssertReads(_sample, again);
    }

    [Fact]
    public async Task A_content_that_is_not_there_has_no_table()
    {
        using ContentCache cache = _folder.Open();
        Assert.False(cache.TryFindTable(_sample.Table.Content, out ChunkTable? table));
        Assert.Null(table);
        await CacheFolder.Store(cache, Sample.Random(10));
        Assert.False(cache.TryFindTable(_sample.Table.Content, out _));
    }

    [Theory]
    [InlineData(Stop.Killed)]
    [InlineData(Stop.KilledWithoutMap)]
    [InlineData(Stop.KilledWithTornMap)]
    [InlineData(Stop.OldMapLeft)]
    [InlineData(Stop.OtherBoot)]
    [InlineData(Stop.UnknownBoot)]
    public async Task After_an_unclean_stop_the_right_chunks_and_no_others_are_found(Stop stop)
    {
        byte[] oldMap;
        using (ContentCache first = _folder.Open())
        {
            using (CachedContent content = await CacheFolder.OpenIn(first, _sample))
            {
                foreach (int chunk in new[] { 2, 3, 5, 20 })
                    content.Write(chunk, _sample.Chunk(chunk));
                oldMap = await File.ReadAllBytesAsync(_folder.MapPath(_sample)); // as kill -9 would leave it
            }
            if (stop == Stop.OldMapLeft)
            {
                oldMap = await File.ReadAllBytesAsync(_folder.MapPath(_sample));
                using CachedContent content = await CacheFolder.OpenIn(first, _sample);
                content.Write(9, _sample.Chunk(9));
            }
        }
        CacheFolder.Overwrite(_folder.DataPath(_sample), 3 * Sample.ChunkSize + 17, 0, 0, 0); // never reached the disk
        CacheFolder.Overwrite(_folder.DataPath(_sample), 11 * Sample.ChunkSize, 1, 2, 3); // a chunk half written
        if (stop is Stop.Killed or Stop.OldMapLeft)
            await File.WriteAllBytesAsync(_folder.MapPath(_sample), oldMap);
        else if (stop == Stop.KilledWithTornMap)
            await File.WriteAllBytesAsync(_folder.MapPath(_sample), oldMap[..^2]);
        else if (stop == Stop.KilledWithoutMap)
            File.Delete(_folder.MapPath(_sample));
        Guid? boot = stop switch { Stop.OtherBoot => Guid.NewGuid(), Stop.UnknownBoot => Guid.Empty, _ => null };

        using ContentCache cache = _folder.Open(boot: boot);
        Assert.Empty(cache.Complete);
        int[] expected = stop == Stop.OldMapLeft ? [2, 5, 9, 20] : [2, 5, 20];
        for (int run = 0; run < 2; run++) // what was found is kept
        {
            using CachedContent content = await CacheFolder.OpenIn(cache, _sample);
            Assert.Equal(expected, CacheFolder.ChunksOf(content));
            Assert.Equal(expected.Length, CacheFolder.AssertNothingWrong(_sample, content));
        }
        using CachedContent last = await CacheFolder.OpenIn(cache, _sample);
        _sample.WriteAllTo(last);
        CacheFolder.AssertReads(_sample, last);
        last.Dispose();
        Assert.Equal(_sample.Bytes, await File.ReadAllBytesAsync(_folder.DataPath(_sample)));
    }

    [Fact]
    public async Task In_another_boot_a_whole_content_is_hashed_and_then_believed_again()
    {
        using (ContentCache first = _folder.Open())
            await CacheFolder.Store(first, _sample);
        Guid next = Guid.NewGuid();
        for (int run = 0; run < 2; run++)
        {
            using ContentCache cache = _folder.Open(boot: next);
            Assert.Equal(run == 0 ? [] : [_sample.Table.Content], cache.Complete);
            using CachedContent content = await CacheFolder.OpenIn(cache, _sample);
            Assert.True(content.IsWhole);
            CacheFolder.AssertReads(_sample, content);
            Assert.Equal(1, cache.Statistics.Hits);
        }
    }

    [Fact]
    public async Task Rubbish_where_a_chunk_is_missing_never_becomes_part_of_it()
    {
        byte[] bytes = Sample.Random(4 * Sample.ChunkSize).Bytes;
        bytes.AsSpan(2 * Sample.ChunkSize, 4096).Clear(); // a hole, which is not written
        Sample sample = Sample.Of(bytes);
        using ContentCache cache = _folder.Open();
        using (CachedContent content = await CacheFolder.OpenIn(cache, sample))
            content.Write(0, sample.Chunk(0));
        CacheFolder.Overwrite(_folder.DataPath(sample), 2 * Sample.ChunkSize, 1, 2, 3);
        using CachedContent again = await CacheFolder.OpenIn(cache, sample);
        sample.WriteAllTo(again);
        CacheFolder.AssertReads(sample, again);
    }

    [Fact]
    public async Task A_large_content_becomes_readable_chunk_by_chunk_while_it_is_checked()
    {
        Sample large = Sample.Random(17 << 20, chunkSize: 1 << 18);
        using (ContentCache first = _folder.Open())
            await CacheFolder.Store(first, large);
        CacheFolder.Overwrite(_folder.DataPath(large), (60 << 18) + 5, 0);
        using ContentCache cache = _folder.Open();
        using CachedContent content = await CacheFolder.OpenIn(cache, large);
        int told = 0;
        content.ChunkFound += _ => Interlocked.Increment(ref told);
        await content.Verified;
        Assert.InRange(told, 0, 67);
        Assert.Equal(60, content.Map.NextMissing(0));
        Assert.Equal(67, content.Map.SetCount);
        Assert.Equal(1, cache.Statistics.CorruptFound);
        Assert.Equal(67, CacheFolder.AssertNothingWrong(large, content));
        large.WriteAllTo(content);
        Assert.True(await content.VerifyAllAsync(default));
    }

    [Fact]
    public async Task A_content_that_is_closed_while_it_is_checked_loses_nothing()
    {
        Sample large = Sample.Random(17 << 20, chunkSize: 1 << 18);
        using (ContentCache first = _folder.Open())
            await CacheFolder.Store(first, large);
        using ContentCache cache = _folder.Open(boot: Guid.NewGuid());
        CachedContent closed = await CacheFolder.OpenIn(cache, large);
        closed.Dispose();
        await closed.Verified;
        using CachedContent content = await CacheFolder.OpenIn(cache, large);
        await content.Verified;
        Assert.True(content.IsWhole);
        CacheFolder.AssertReads(large, content);
    }

    public void Dispose() => _folder.Dispose();

    public enum Stop
    {
        Killed,
        KilledWithoutMap,
        KilledWithTornMap,
        OldMapLeft,
        OtherBoot,
        UnknownBoot,
    }
}
