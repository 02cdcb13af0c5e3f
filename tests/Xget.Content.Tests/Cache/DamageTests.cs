using Mono.Unix.Native;
using Xget.Content.Cache;
using Xget.Content.Tests.Store;

namespace Xget.Content.Tests.Cache;

/// <summary>Files that break or are tampered with cost a fetch, never a wrong byte.</summary>
public sealed class DamageTests : IDisposable
{
    private readonly CacheFolder _folder = new();
    private readonly Sample _sample = Sample.Random(20 * Sample.ChunkSize + 99);

    [Fact]
    public async Task Flipped_bits_anywhere_never_survive_opening_again()
    {
        Random random = new(5);
        for (int round = 0; round < 60; round++)
        {
            using ContentCache cache = _folder.Open();
            await CacheFolder.Store(cache, _sample);
            for (int hits = random.Next(1, 4); hits > 0; hits--)
                CacheFolder.Flip(random, random.Next(2) == 0 ? _folder.DataPath(_sample) : _folder.MapPath(_sample));
            using CachedContent content = await CacheFolder.OpenIn(cache, _sample);
            int there = content.Map.SetCount;
            Assert.InRange(there, 18, 21);
            Assert.Equal(there, CacheFolder.AssertNothingWrong(_sample, content));
        }
    }

    [Fact]
    public async Task Flipped_bits_never_come_out_of_a_read_that_is_always_verified()
    {
        Random random = new(6);
        using ContentCache cache = _folder.Open(verify: true);
        using CachedContent content = await CacheFolder.OpenIn(cache, _sample);
        for (int round = 0; round < 60; round++)
        {
            // Whole and settled, or with chunks missing: then only hashing can tell.
            foreach (int chunk in Enumerable.Range(0, 21).Where(_ => random.Next(10) > 0))
                content.Write(chunk, _sample.Chunk(chunk));
            for (int hits = random.Next(1, 4); hits > 0; hits--)
                CacheFolder.Flip(random, _folder.DataPath(_sample));
            CacheFolder.AssertNothingWrong(_sample, content);
            await content.Verified;
            CacheFolder.AssertNothingWrong(_sample, content);
        }
        _sample.WriteAllTo(content);
        CacheFolder.AssertReads(_sample, content);
        Assert.True(cache.Statistics.CorruptFound > 0);
    }

    [Fact]
    public async Task A_whole_file_that_is_changed_while_open_is_noticed_by_the_next_read()
    {
        using ContentCache cache = _folder.Open();
        await CacheFolder.Store(cache, _sample);
        using CachedContent content = await CacheFolder.OpenIn(cache, _sample);
        CacheFolder.Overwrite(_folder.DataPath(_sample), 4 * Sample.ChunkSize + 1, 0);
        Assert.Equal(Errno.ENODATA, content.Read(4 * Sample.ChunkSize, 10).Error);
        await content.Verified;
        Assert.Equal(4, content.Map.NextMissing(0));
        Assert.Equal(20, content.Map.SetCount);
        Assert.Equal(1, cache.Statistics.CorruptFound);
        Assert.Equal((Errno)0, content.Write(4, _sample.Chunk(4)));
        CacheFolder.AssertReads(_sample, content);
        Assert.True(content.IsWhole);
    }

    [Fact]
    public async Task An_unfinished_file_that_is_changed_is_noticed_by_the_next_read_or_write_or_when_it_is_closed()
    {
        using ContentCache cache = _folder.Open();
        using CachedContent content = await CacheFolder.OpenIn(cache, _sample);
        for (int chunk = 0; chunk < 10; chunk++)
            content.Write(chunk, _sample.Chunk(chunk));

        CacheFolder.Overwrite(_folder.DataPath(_sample), 4 * Sample.ChunkSize + 1, 0);
        Assert.Equal(Errno.ENODATA, content.Read(4 * Sample.ChunkSize, 10).Error);
        await content.Verified;
        Assert.Equal([0, 1, 2, 3, 5, 6, 7, 8, 9], CacheFolder.ChunksOf(content));

        CacheFolder.Overwrite(_folder.DataPath(_sample), 5 * Sample.ChunkSize + 1, 0);
        content.Write(10, _sample.Chunk(10));
        await content.Verified;
        Assert.Equal([0, 1, 2, 3, 6, 7, 8, 9, 10], CacheFolder.ChunksOf(content));

        CacheFolder.Overwrite(_folder.DataPath(_sample), 6 * Sample.ChunkSize + 1, 0);
        content.Dispose();
        using CachedContent again = await CacheFolder.OpenIn(cache, _sample);
        Assert.Equal([0, 1, 2, 3, 7, 8, 9, 10], CacheFolder.ChunksOf(again));
        _sample.WriteAllTo(again);
        CacheFolder.AssertReads(_sample, again);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_that_is_cut_while_open_is_noticed_by_the_next_read(bool isWhole)
    {
        using ContentCache cache = _folder.Open();
        using CachedContent content = await CacheFolder.OpenIn(cache, _sample);
        for (int chunk = 0; chunk < (isWhole ? 21 : 15); chunk++)
            content.Write(chunk, _sample.Chunk(chunk));
        Scratch.Run("truncate", "-s", $"{10 * Sample.ChunkSize + 5}", _folder.DataPath(_sample));
        Assert.Equal(Errno.ENODATA, content.Read(12 * Sample.ChunkSize, 10).Error);
        await content.Verified;
        Assert.Equal(Enumerable.Range(0, 10), CacheFolder.ChunksOf(content));
        _sample.WriteAllTo(content);
        CacheFolder.AssertReads(_sample, content);
    }

    [Fact]
    public async Task A_damaged_chunk_is_found_by_verifying_it_and_can_be_written_again()
    {
        using ContentCache cache = _folder.Open();
        using CachedContent content = await CacheFolder.OpenIn(cache, _sample);
        for (int chunk = 0; chunk < 20; chunk++)
            content.Write(chunk, _sample.Chunk(chunk));
        CacheFolder.Overwrite(_folder.DataPath(_sample), 7 * Sample.ChunkSize, 0);
        Assert.True(content.Verify(6));
        Assert.False(content.Verify(7));
        Assert.False(content.Verify(20));
        Assert.False(content.Map[7]);
        content.Write(7, _sample.Chunk(7));
        Assert.True(content.Verify(7));
        Assert.Equal(1, cache.Statistics.CorruptFound);
    }

    [Fact]
    public async Task A_verified_file_is_hashed_once_and_again_only_when_it_has_changed()
    {
        using ContentCache cache = _folder.Open();
        using CachedContent content = await CacheFolder.OpenIn(cache, _sample);
        _sample.WriteAllTo(content);
        Assert.True(await content.VerifyAllAsync(default));
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();
        Assert.True(await content.VerifyAllAsync(cancelled.Token)); // nothing to hash
        CacheFolder.Overwrite(_folder.DataPath(_sample), 100, 0);
        Assert.Equal(Errno.ENODATA, (await content.OpenVerifiedAsync(default)).Error);
        await content.Verified;
        content.Write(0, _sample.Chunk(0));
        Assert.True(await content.VerifyAllAsync(default));
    }

    [Fact]
    public async Task A_removed_file_is_still_read_by_who_has_it_and_made_anew_for_the_next()
    {
        using ContentCache cache = _folder.Open();
        await CacheFolder.Store(cache, _sample);
        using CachedContent content = await CacheFolder.OpenIn(cache, _sample);
        File.Delete(_folder.DataPath(_sample));
        using (CachedContent next = await CacheFolder.OpenIn(cache, _sample))
        {
            Assert.Equal(0, next.Map.SetCount);
            next.Write(2, _sample.Chunk(2));
            await content.Verified;
            content.Dispose(); // its map must not speak for the new file
        }
        using CachedContent last = await CacheFolder.OpenIn(cache, _sample);
        Assert.Equal([2], CacheFolder.ChunksOf(last));
    }

    [Fact]
    public async Task Two_contents_whose_files_were_swapped_are_both_found_out()
    {
        Sample other = Sample.Random(_sample.Bytes.Length, seed: 2);
        using ContentCache cache = _folder.Open();
        await CacheFolder.Store(cache, _sample);
        await CacheFolder.Store(cache, other);
        string aside = Path.Combine(_folder.Root, "aside");
        foreach ((string left, string right) in new[]
        {
            (_folder.DataPath(_sample), _folder.DataPath(other)),
            (_folder.MapPath(_sample), _folder.MapPath(other)),
        })
        {
            File.Move(left, aside);
            File.Move(right, left);
            File.Move(aside, right);
        }
        Assert.Empty(cache.Complete);
        Assert.False(cache.TryFindTable(_sample.Table.Content, out _));
        foreach (Sample sample in new[] { _sample, other })
        {
            using CachedContent content = await CacheFolder.OpenIn(cache, sample);
            Assert.Equal(0, content.Map.SetCount);
            sample.WriteAllTo(content);
            CacheFolder.AssertReads(sample, content);
        }
    }

    [SkippableTheory]
    [InlineData("symlink")]
    [InlineData("fifo")]
    [InlineData("second name")]
    [InlineData("other user")]
    public async Task What_is_no_file_of_ours_gives_way(string kind)
    {
        if (kind == "other user")
            Prerequisite.Root();
        using ContentCache cache = _folder.Open();
        await CacheFolder.Store(cache, _sample);
        string victim = _folder.Root + "/victim";
        File.Move(_folder.DataPath(_sample), victim);
        string path = _folder.DataPath(_sample);
        if (kind == "symlink")
            File.CreateSymbolicLink(path, victim);
        else if (kind == "fifo")
            Scratch.Run("mkfifo", path);
        else if (kind == "second name")
            Scratch.Run("ln", victim, path);
        else
            Scratch.Run("sh", "-c", $"cp {victim} {path} && chown 12345 {path}");
        using (CachedContent content = await CacheFolder.OpenIn(cache, _sample))
        {
            Assert.True(content.IsCached);
            Assert.Equal(0, content.Map.SetCount);
            content.Write(0, _sample.Chunk(0));
        }
        Assert.Equal($"regular file {Syscall.geteuid()} 600 1", Scratch.Stat(path, "%F %u %a %h"));
        Assert.Equal(_sample.Bytes, await File.ReadAllBytesAsync(victim));
    }

    [Fact]
    public async Task A_directory_in_the_way_of_a_file_only_costs_the_caching()
    {
        using ContentCache cache = _folder.Open();
        Directory.CreateDirectory(_folder.DataPath(_sample));
        using CachedContent content = await CacheFolder.OpenIn(cache, _sample);
        Assert.False(content.IsCached);
        _sample.WriteAllTo(content);
        CacheFolder.AssertReads(_sample, content);
    }

    [Fact]
    public async Task A_cache_that_is_removed_altogether_while_open_only_costs_the_caching()
    {
        using ContentCache cache = _folder.Open();
        using CachedContent before = await CacheFolder.OpenIn(cache, _sample);
        before.Write(0, _sample.Chunk(0));
        Scratch.Run("rm", "-rf", _folder.Root);
        before.Write(1, _sample.Chunk(1)); // notices that something happened to the file
        await before.Verified;
        _sample.WriteAllTo(before);
        CacheFolder.AssertReads(_sample, before);
        Sample other = Sample.Random(3 * Sample.ChunkSize, seed: 3);
        using CachedContent after = await CacheFolder.OpenIn(cache, other);
        Assert.False(after.IsCached);
        other.WriteAllTo(after);
        CacheFolder.AssertReads(other, after);
    }

    public void Dispose() => _folder.Dispose();
}
