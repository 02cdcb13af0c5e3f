using System.Globalization;
using Mono.Unix.Native;
using Xget.Content.Store;

namespace Xget.Content.Tests.Store;

public sealed class FileContentTests : StoredContentTests
{
    private readonly Scratch _scratch = new();

    [Fact]
    public async Task It_is_a_file_named_by_the_digest_that_only_its_owner_can_read()
    {
        Sample sample = Sample.Random(Sample.ChunkSize);
        using FileContent content = await sample.OpenIn(_scratch.Destination);
        string path = Path.Combine(_scratch.PartialPath, sample.Table.Content.ToString());
        Assert.Equal($"regular file 600 {Sample.ChunkSize}", Scratch.Stat(path, "%F %a %s"));
        Assert.Equal("700", Scratch.Stat(_scratch.PartialPath, "%a"));
    }

    [Theory]
    [InlineData("/tmp")]
    [InlineData("/dev/shm")]
    public async Task Blocks_of_zeros_within_chunks_take_no_space(string below)
    {
        using Scratch scratch = new(below);
        byte[] bytes = new byte[64 * 65536];
        Random random = new(3);
        for (int chunk = 0; chunk < 64; chunk++)
            random.NextBytes(bytes.AsSpan(chunk * 65536 + 4096 * (chunk % 16), 4096)); // one block of 16 in each
        Sample sample = Sample.Of(bytes, 65536);
        using FileContent content = await sample.StoreIn(scratch.Destination);
        Assert.Equal(bytes, Sample.ReadAll(content));
        string blocks = Scratch.Stat(Path.Combine(scratch.PartialPath, sample.Table.Content.ToString()), "%b");
        Assert.InRange(int.Parse(blocks, CultureInfo.InvariantCulture), 64 * 8, 2 * 64 * 8);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_chunk_that_the_disk_damaged_can_be_written_again(bool afterReopening)
    {
        byte[] bytes = Sample.Random(3 * Sample.ChunkSize).Bytes;
        bytes.AsSpan(0, 4096 + Sample.ChunkSize).Clear();
        Sample sample = Sample.Of(bytes);
        FileContent content = await sample.StoreIn(_scratch.Destination);
        if (afterReopening)
        {
            content.Dispose();
            content = await sample.OpenIn(_scratch.Destination);
        }
        using (content)
        {
            string path = Path.Combine(_scratch.PartialPath, sample.Table.Content.ToString());
            string junk = Path.Combine(_scratch.Directory, "junk");
            await File.WriteAllBytesAsync(junk, Sample.Random(bytes.Length, seed: 2).Bytes);
            Scratch.Run("dd", $"if={junk}", $"of={path}", "conv=notrunc", "status=none");
            for (int chunk = 0; chunk < sample.Table.Count; chunk++)
                content.Map.Clear(chunk);
            sample.WriteAllTo(content);
            Assert.Equal(bytes, Sample.ReadAll(content));
        }
    }

    [Fact]
    public async Task A_disposed_content_refuses_reads_and_writes()
    {
        Sample sample = Sample.Random(Sample.ChunkSize);
        FileContent content = await sample.OpenIn(_scratch.Destination);
        content.Dispose();
        content.Dispose();
        Assert.Equal(Errno.EBADF, content.Write(0, sample.Chunk(0)));
        Assert.Equal(Errno.EBADF, content.Read(0, 1).Error);
    }

    [Fact]
    public async Task A_range_read_before_disposal_stays_good_until_its_lease_goes()
    {
        Sample sample = Sample.Random(Sample.ChunkSize);
        FileContent content = await sample.StoreIn(_scratch.Destination);
        ContentRange range = content.Read(10, 100);
        content.Dispose();
        byte[] bytes = new byte[100];
        Assert.Equal(100, RandomAccess.Read(range.File!, bytes, range.FileOffset));
        Assert.Equal(sample.Bytes[10..110], bytes);
        range.Dispose();
        Assert.True(range.File!.IsClosed);
    }

    public override void Dispose()
    {
        base.Dispose();
        _scratch.Dispose();
    }

    private protected override async Task<StoredContent> OpenAsync(ChunkTable table)
    {
        (Errno error, FileContent? content) = await _scratch.Destination.Partial.OpenAsync(table, default);
        Assert.Equal((Errno)0, error);
        return content!;
    }
}
