using System.Diagnostics;
using Mono.Unix.Native;
using Xget.Content.Cache;
using Xget.Content.Store;
using Xget.Content.Tests.Store;

namespace Xget.Content.Tests.Cache;

/// <summary>A content in a cache does what every stored content does, and more.</summary>
public sealed class CachedContentTests : StoredContentTests
{
    private readonly CacheFolder _folder = new();
    private readonly ContentCache _cache;
    private readonly Sample _sample = Sample.Random(5 * Sample.ChunkSize + 7);

    public CachedContentTests() => _cache = _folder.Open();

    [Fact]
    public async Task Nothing_can_be_written_or_read_after_disposal_but_a_range_stays_good()
    {
        CachedContent content = await CacheFolder.OpenIn(_cache, _sample);
        content.Write(0, _sample.Chunk(0));
        ContentRange range = content.Read(0, Sample.ChunkSize);
        content.Dispose();
        content.Dispose();
        Assert.Equal(Errno.EBADF, content.Write(1, _sample.Chunk(1)));
        Assert.Equal(Errno.EBADF, content.Read(0, 10).Error);
        byte[] bytes = new byte[Sample.ChunkSize];
        Assert.Equal((Errno)0, range.CopyTo(bytes));
        Assert.Equal(_sample.Chunk(0), bytes);
        range.Dispose();
    }

    [Fact]
    public async Task A_chunk_that_is_not_there_reads_as_ENODATA_and_one_before_it_cuts_the_read()
    {
        using CachedContent content = await CacheFolder.OpenIn(_cache, _sample);
        content.Write(0, _sample.Chunk(0));
        content.Write(1, _sample.Chunk(1));
        Assert.Equal(Errno.ENODATA, content.Read(2 * Sample.ChunkSize, 1).Error);
        using ContentRange range = content.Read(100, 5 * Sample.ChunkSize);
        Assert.Equal(2 * Sample.ChunkSize - 100, range.Count);
    }

    [Fact]
    public async Task An_open_content_is_locked_so_that_other_processes_see_it()
    {
        using CachedContent content = await CacheFolder.OpenIn(_cache, _sample);
        Assert.False(CanLock("-s")); // being filled
        _sample.WriteAllTo(content);
        Assert.True(CanLock("-s")); // whole: others may read it too
        Assert.False(CanLock("-x"));
        content.Dispose();
        Assert.True(CanLock("-x"));
    }

    [Fact]
    public async Task The_second_who_opens_an_unfinished_content_gets_one_without_a_name()
    {
        using CachedContent first = await CacheFolder.OpenIn(_cache, _sample);
        using ContentCache other = _folder.Open();
        ulong before = other.Statistics.Bytes;
        using (CachedContent second = await CacheFolder.OpenIn(other, _sample))
        {
            Assert.True(first.IsCached);
            Assert.False(second.IsCached);
            _sample.WriteAllTo(second);
            CacheFolder.AssertReads(_sample, second);
            Assert.True(second.IsWhole);
            (Errno error, Microsoft.Win32.SafeHandles.SafeFileHandle? file) = await second.OpenVerifiedAsync(default);
            Assert.Equal((Errno)0, error);
            file!.Dispose();
            Assert.Equal(["objects", "version"], Directory.GetFileSystemEntries(_folder.Root).Select(Path.GetFileName).Order());
        }
        Assert.Equal(0, first.Map.SetCount);
        Assert.Equal(before, other.Statistics.Bytes);
    }

    [Fact]
    public async Task A_whole_content_is_shared()
    {
        await CacheFolder.Store(_cache, _sample);
        using ContentCache other = _folder.Open();
        using CachedContent first = await CacheFolder.OpenIn(_cache, _sample);
        using CachedContent second = await CacheFolder.OpenIn(other, _sample);
        using CachedContent third = await CacheFolder.OpenIn(other, _sample);
        Assert.All(new[] { first, second, third }, c => Assert.True(c is { IsCached: true, IsWhole: true }));
        CacheFolder.AssertReads(_sample, second);
        Assert.Equal((2, 0), (other.Statistics.Hits, other.Statistics.Misses));
    }

    [Fact]
    public async Task A_content_that_became_whole_while_open_is_shared_too()
    {
        using CachedContent first = await CacheFolder.OpenIn(_cache, _sample);
        _sample.WriteAllTo(first);
        using ContentCache other = _folder.Open();
        using CachedContent second = await CacheFolder.OpenIn(other, _sample);
        Assert.True(second is { IsCached: true, IsWhole: true });
    }

    [Fact]
    public async Task A_content_can_be_used_after_its_cache_was_disposed()
    {
        ContentCache cache = _folder.Open();
        using (CachedContent content = await CacheFolder.OpenIn(cache, _sample))
        {
            cache.Dispose();
            cache.Dispose();
            Assert.Equal(Errno.EBADF, (await cache.OpenAsync(_sample.Table, default)).Error);
            Assert.False(cache.TryFindTable(_sample.Table.Content, out _));
            Assert.Empty(cache.Complete);
            content.Write(3, _sample.Chunk(3));
        }
        using CachedContent again = await CacheFolder.OpenIn(_cache, _sample);
        Assert.Equal([3], CacheFolder.ChunksOf(again));
    }

    [Fact]
    public async Task A_verified_file_holds_exactly_the_content_and_is_read_only()
    {
        using CachedContent content = await CacheFolder.OpenIn(_cache, _sample);
        content.Write(0, _sample.Chunk(0));
        Assert.False(content.IsWhole);
        Assert.Equal(Errno.ENODATA, (await content.OpenVerifiedAsync(default)).Error);
        _sample.WriteAllTo(content);
        (Errno error, Microsoft.Win32.SafeHandles.SafeFileHandle? file) = await content.OpenVerifiedAsync(default);
        Assert.Equal((Errno)0, error);
        using (file)
        {
            content.Dispose();
            Assert.Equal(_sample.Bytes.Length, RandomAccess.GetLength(file!));
            byte[] bytes = new byte[_sample.Bytes.Length];
            Assert.Equal(bytes.Length, RandomAccess.Read(file!, bytes, 0));
            Assert.Equal(_sample.Bytes, bytes);
            Assert.Throws<UnauthorizedAccessException>(() => RandomAccess.Write(file!, [1], 0));
        }
    }

    [Fact]
    public async Task Zeros_take_no_room()
    {
        byte[] bytes = new byte[64 * Sample.ChunkSize];
        bytes[5 * Sample.ChunkSize] = 1;
        Sample sample = Sample.Of(bytes);
        using CachedContent content = await CacheFolder.OpenIn(_cache, sample);
        Assert.Equal(63, content.Map.SetCount);
        sample.WriteAllTo(content);
        Assert.Equal("8", Scratch.Stat(_folder.DataPath(sample), "%b")); // 512 bytes each
    }

    [Fact]
    public async Task Opening_can_be_cancelled()
    {
        using CancellationTokenSource source = new();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _cache.OpenAsync(_sample.Table, source.Token));
    }

    public override void Dispose()
    {
        base.Dispose();
        _cache.Dispose();
        _folder.Dispose();
    }

    private protected override async Task<StoredContent> OpenAsync(ChunkTable table)
        => (await _cache.OpenAsync(table, default)).Content!;

    private bool CanLock(string kind)
    {
        using Process process = Process.Start("flock", ["-n", kind, _folder.DataPath(_sample), "true"]);
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
