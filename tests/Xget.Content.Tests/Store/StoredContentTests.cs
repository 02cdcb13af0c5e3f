using Mono.Unix.Native;
using Xget.Content.Store;

namespace Xget.Content.Tests.Store;

/// <summary>What holds wherever the chunks live.</summary>
public abstract class StoredContentTests : IDisposable
{
    [Fact]
    public async Task What_is_written_in_any_order_is_read()
    {
        Sample sample = Sample.Random(10 * Sample.ChunkSize + 17);
        using StoredContent content = await OpenAsync(sample.Table);
        foreach (int chunk in new[] { 10, 0, 5, 1, 9, 2, 8, 3, 7, 4, 6 })
        {
            Assert.False(content.Map[chunk]);
            Assert.Equal((Errno)0, content.Write(chunk, sample.Chunk(chunk)));
            Assert.True(content.Map[chunk]);
            Assert.Equal(sample.Chunk(chunk), Sample.Read(content, sample.Table.OffsetOf(chunk), sample.Table.LengthOf(chunk)));
        }
        Assert.True(content.Map.IsComplete);
        Assert.Equal(sample.Bytes, Sample.ReadAll(content));
    }

    [Fact]
    public async Task The_same_chunk_twice_does_no_harm()
    {
        Sample sample = Sample.Random(2 * Sample.ChunkSize);
        using StoredContent content = await OpenAsync(sample.Table);
        content.Write(1, sample.Chunk(1));
        Assert.Equal((Errno)0, content.Write(1, sample.Chunk(1)));
        Assert.Equal(1, content.Map.SetCount);
    }

    [Fact]
    public async Task A_wrong_number_or_length_is_refused()
    {
        Sample sample = Sample.Random(2 * Sample.ChunkSize + 1);
        using StoredContent content = await OpenAsync(sample.Table);
        Assert.Equal(Errno.EINVAL, content.Write(-1, sample.Chunk(0)));
        Assert.Equal(Errno.EINVAL, content.Write(3, sample.Chunk(0)));
        Assert.Equal(Errno.EINVAL, content.Write(2, sample.Chunk(0)));
        Assert.Equal(Errno.EINVAL, content.Write(0, sample.Chunk(0)[1..]));
        Assert.Equal(0, content.Map.SetCount);
    }

    [Fact]
    public async Task A_read_is_cut_at_the_contents_end()
    {
        Sample sample = Sample.Random(Sample.ChunkSize + 10);
        using StoredContent content = await OpenAsync(sample.Table);
        sample.WriteAllTo(content);
        Assert.Equal(sample.Bytes[^15..], Sample.Read(content, sample.Table.Size - 15, 1000));
        Assert.Empty(Sample.Read(content, sample.Table.Size, 1000));
        Assert.Empty(Sample.Read(content, ulong.MaxValue, int.MaxValue));
        Assert.Empty(Sample.Read(content, 0, 0));
        Assert.Empty(Sample.Read(content, 0, -1));
    }

    [Fact]
    public async Task An_empty_content_is_complete()
    {
        using StoredContent content = await OpenAsync(Sample.Of([]).Table);
        Assert.True(content.Map.IsComplete);
        Assert.Empty(Sample.ReadAll(content));
    }

    [Fact]
    public async Task Chunks_of_zeros_are_there_from_the_start()
    {
        byte[] bytes = Sample.Random(4 * Sample.ChunkSize + 100).Bytes;
        bytes.AsSpan(Sample.ChunkSize, 2 * Sample.ChunkSize).Clear();
        bytes.AsSpan(4 * Sample.ChunkSize).Clear();
        Sample sample = Sample.Of(bytes);
        using StoredContent content = await OpenAsync(sample.Table);
        Assert.Equal([false, true, true, false, true], Enumerable.Range(0, 5).Select(i => content.Map[i]));
        content.Write(0, sample.Chunk(0));
        content.Write(3, sample.Chunk(3));
        Assert.Equal(bytes, Sample.ReadAll(content));
    }

    [Fact]
    public async Task Four_threads_write_at_random_while_others_read_what_is_there()
    {
        Sample sample = Sample.Random(500 * 4096 + 5, chunkSize: 4096);
        using StoredContent content = await OpenAsync(sample.Table);
        int[] orderSeeds = [1, 2, 3, 4];
        Task[] writers = [.. orderSeeds.Select(seed => Task.Run(() =>
        {
            int[] order = [.. Enumerable.Range(0, sample.Table.Count)];
            new Random(seed).Shuffle(order);
            foreach (int chunk in order)
                Assert.Equal((Errno)0, content.Write(chunk, sample.Chunk(chunk)));
        }))];
        Task[] readers = [.. orderSeeds.Select(seed => Task.Run(() =>
        {
            Random random = new(seed);
            while (!content.Map.IsComplete)
            {
                int chunk = random.Next(sample.Table.Count);
                if (content.Map[chunk])
                    Assert.Equal(sample.Chunk(chunk), Sample.Read(content, sample.Table.OffsetOf(chunk), sample.Table.LengthOf(chunk)));
            }
        }))];
        await Task.WhenAll([.. writers, .. readers]);
        Assert.Equal(sample.Bytes, Sample.ReadAll(content));
    }

    public virtual void Dispose() => GC.SuppressFinalize(this);

    private protected abstract Task<StoredContent> OpenAsync(ChunkTable table);
}

public sealed class MemoryContentTests : StoredContentTests
{
    [Fact]
    public void What_an_array_cannot_hold_is_refused()
    {
        ChunkTable table = new ChunkTableBuilder(1ul << 32).Build();
        Assert.Throws<ArgumentOutOfRangeException>(() => new MemoryContent(table));
    }

    [Fact]
    public void A_gigabyte_of_zeros_takes_no_memory()
    {
        var builder = new ChunkTableBuilder(1 << 30);
        Digest zeros = Digest.Of(new byte[builder.LengthOf(0)]);
        for (int i = 0; i < builder.Count; i++)
            builder.Set(i, zeros);
        ChunkTable table = builder.Build();
        long before = GC.GetAllocatedBytesForCurrentThread();
        using MemoryContent content = new(table);
        using ContentRange range = content.Read((1 << 30) - 5000, 1 << 20);
        Assert.True(content.Map.IsComplete);
        Assert.Equal(new byte[5000], range.Bytes.ToArray());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    private protected override Task<StoredContent> OpenAsync(ChunkTable table)
        => Task.FromResult<StoredContent>(new MemoryContent(table));
}
