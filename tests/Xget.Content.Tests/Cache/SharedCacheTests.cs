using Mono.Unix.Native;
using Xget.Content.Cache;
using Xget.Content.Tests.Store;

namespace Xget.Content.Tests.Cache;

/// <summary>Several users of one directory at once, as several processes are to each other.</summary>
public sealed class SharedCacheTests : IDisposable
{
    private readonly CacheFolder _folder = new();
    private readonly Sample[] _samples = [.. Enumerable.Range(1, 8).Select(seed => Sample.Random(10 * 4096 + seed, seed, 4096))];

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    public async Task Nobody_ever_reads_a_wrong_byte(int seed, bool withDamage)
    {
        // Room for about half of the contents; the second cache has no limit.
        using ContentCache small = _folder.Open(limit: 200_000, memory: 8 * 4096, verify: withDamage);
        using ContentCache large = _folder.Open(memory: 8 * 4096, verify: withDamage);
        using CancellationTokenSource stop = new();
        Task damage = withDamage ? Task.Run(() => Damage(new Random(seed), stop.Token)) : Task.CompletedTask;
        await Task.WhenAll(Enumerable.Range(0, 6).Select(user => Task.Run(
            () => UseAsync(user % 2 == 0 ? small : large, new Random(100 * seed + user)))));
        await stop.CancelAsync();
        await damage;
        foreach (Sample sample in _samples)
        {
            using CachedContent content = await CacheFolder.OpenIn(large, sample);
            Assert.True(content.IsCached);
            CacheFolder.AssertNothingWrong(sample, content);
            sample.WriteAllTo(content);
            Assert.True(await content.VerifyAllAsync(default));
            CacheFolder.AssertReads(sample, content);
        }
        Assert.Empty(Directory.GetFiles(_folder.Root, "tmp-*"));
        if (!withDamage)
            Assert.Equal((0L, 0L), (small.Statistics.CorruptFound, large.Statistics.CorruptFound));
    }

    private async Task UseAsync(ContentCache cache, Random random)
    {
        for (int round = 0; round < 60; round++)
        {
            Sample sample = _samples[random.Next(_samples.Length)];
            using CachedContent content = await CacheFolder.OpenIn(cache, sample);
            for (int step = 0; step < 15; step++)
            {
                int chunk = random.Next(sample.Table.Count);
                if (random.Next(3) == 0)
                    Assert.Equal((Errno)0, content.Write(chunk, sample.Chunk(chunk)));
                else
                    AssertRight(sample, content, chunk);
            }
            if (random.Next(2) == 0)
            {
                for (int chunk = 0; chunk < sample.Table.Count; chunk++)
                    content.Write(chunk, sample.Chunk(chunk));
            }
            if (random.Next(4) == 0)
                await content.VerifyAllAsync(default);
        }
    }

    private static void AssertRight(Sample sample, CachedContent content, int chunk)
    {
        byte[] bytes = new byte[sample.Table.LengthOf(chunk)];
        using ContentRange range = content.Read(sample.Table.OffsetOf(chunk), bytes.Length);
        if (range.Error == Errno.ENODATA)
            return;
        Assert.Equal((Errno)0, range.CopyTo(bytes));
        Assert.Equal(sample.Chunk(chunk), bytes);
    }

    private void Damage(Random random, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            Sample sample = _samples[random.Next(_samples.Length)];
            string path = random.Next(3) == 0 ? _folder.MapPath(sample) : _folder.DataPath(sample);
            if (random.Next(20) == 0 && Directory.Exists(Path.GetDirectoryName(path)))
                File.Delete(path);
            else
                CacheFolder.Overwrite(path, random.Next(sample.Bytes.Length), (byte)random.Next(256));
            Thread.Yield();
        }
    }

    public void Dispose() => _folder.Dispose();
}
