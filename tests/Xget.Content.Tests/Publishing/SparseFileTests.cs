using Mono.Unix.Native;

namespace Xget.Content.Tests;

public sealed class SparseFileTests : IDisposable
{
    private readonly SourceFolder _folder = new();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Holes_are_published_as_the_zeros_they_read_as(int holeAtEnd)
    {
        var random = new Random(12);
        var size = 40_000_000 + random.Next(1_000_000);
        using (var file = File.OpenHandle(_folder["sparse"], FileMode.Create, FileAccess.Write))
        {
            for (var i = 0; i < 12; i++)
            {
                var bytes = new byte[random.Next(1, 200_000)];
                random.NextBytes(bytes);
                RandomAccess.Write(file, bytes, random.Next(size - bytes.Length));
            }
            RandomAccess.SetLength(file, size + holeAtEnd * 1_000_000);
        }
        using var generation = await _folder.Publish();
        var whole = File.ReadAllBytes(_folder["sparse"]);
        Assert.Equal(ChunkTable.Of(whole).Content, generation.At("sparse").Data.Content);
        Assert.Equal(Adler32.Append(1, whole), generation.At("sparse").Adler32);
    }

    [Fact]
    public async Task A_terabyte_of_nothing_is_published_without_reading_it()
    {
        const long Size = (1L << 40) + 5;
        SourceFolder.Ok(Syscall.truncate(_folder.Write("hole", []), Size));
        using var generation = await _folder.Publish();
        var table = generation.Find(generation.At("hole").Data.Content)!.Table;
        Assert.Equal(((ulong)Size, (1 << 20) + 1), (table.Size, table.Count));
        Assert.True(table.IsZero(0));
        Assert.True(table.IsZero(table.Count - 1));
        Assert.Equal(Adler32.AppendZeros(1, Size), generation.At("hole").Adler32);
    }

    [SkippableFact]
    public async Task A_file_with_more_chunks_than_a_table_holds_is_left_out_with_a_warning()
    {
        Prerequisite.Directory("/dev/shm");
        var large = Path.Combine("/dev/shm", Path.GetRandomFileName());
        Directory.CreateDirectory(large);
        try
        {
            File.WriteAllBytes(Path.Combine(large, "small"), [1]);
            File.WriteAllBytes(Path.Combine(large, "hole"), []);
            SourceFolder.Ok(Syscall.truncate(Path.Combine(large, "hole"), 1L << 50));
            using var index = DigestIndex.InMemory();
            using var generation = await new Publisher(TimeProvider.System)
                .PublishAsync(large, index, 1, new PublishOptions());
            Assert.Equal("small", Assert.Single(generation.Tree.Children).Name.ToString());
            Assert.Contains("hole", Assert.Single(generation.Warnings), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(large, recursive: true);
        }
    }

    public void Dispose() => _folder.Dispose();
}
