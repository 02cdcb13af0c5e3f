using Mono.Unix.Native;

namespace Xget.Content.Tests;

public sealed class ReadingTests : IDisposable
{
    private readonly SourceFolder _folder = new();

    [Fact]
    public async Task Any_range_of_any_content_is_the_files_bytes()
    {
        for (var i = 0; i < 40; i++)
            _folder.Write($"s{i:d2}", 1 + i * 997, seed: i);
        _folder.Write("large", 500_000, seed: 99);
        using var generation = await _folder.Publish();
        var random = new Random(11);
        var whole = generation.Contents.ToDictionary(digest => digest, digest => generation.Find(digest)!.ReadAll());
        foreach (var node in generation.Tree.Children)
        {
            var bytes = File.ReadAllBytes(_folder[node.Name.ToString()]);
            Assert.Equal(bytes, node.ReadAll());
            Assert.Equal(bytes, whole[node.Data.Content].AsSpan((int)node.Data.Offset, (int)node.Data.Length).ToArray());
        }
        foreach (var (digest, bytes) in whole)
            for (var round = 0; round < 100; round++)
            {
                var offset = random.Next(bytes.Length + 10);
                var count = random.Next(200_000);
                var expected = bytes.AsSpan(Math.Min(offset, bytes.Length));
                expected = expected[..Math.Min(count, expected.Length)];
                Assert.Equal(expected.ToArray(), Publishing.Bytes(generation.Find(digest)!.Read((ulong)offset, count)));
            }
    }

    [Fact]
    public async Task A_range_within_one_file_is_a_descriptor_and_one_across_files_is_memory()
    {
        _folder.Write("a", 1000);
        _folder.Write("b", 1000);
        using var generation = await _folder.Publish();
        var pack = generation.Find(generation.At("b").Data.Content)!;
        using var within = pack.Read(1000, 1000);
        Assert.Equal((0L, 1000, true), (within.FileOffset, within.Count, within.File is not null));
        using var across = pack.Read(999, 2);
        Assert.Equal((2, 2, true), (across.Count, across.Bytes.Length, across.File is null));
    }

    [Fact]
    public async Task Offsets_beyond_the_end_give_no_bytes_and_a_negative_count_is_refused()
    {
        _folder.Write("a", 1000);
        using var generation = await _folder.Publish();
        var content = generation.Find(generation.At("a").Data.Content)!;
        Assert.Equal(0, content.Read(1000, 5).Count);
        Assert.Equal(0, content.Read(ulong.MaxValue, int.MaxValue).Count);
        Assert.Equal(0, generation.At("a").Read(ulong.MaxValue, int.MaxValue).Count);
        Assert.Equal(Errno.EINVAL, content.Read(0, -1).Error);
        Assert.Equal(Errno.EINVAL, generation.At("a").Read(0, int.MinValue).Error);
        Assert.Equal(Errno.EISDIR, generation.Tree.Read(0, 1).Error);
    }

    [Fact]
    public async Task A_thousand_files_take_no_more_than_256_descriptors_and_those_in_use_stay()
    {
        for (var i = 0; i < 1000; i++)
            _folder.Write($"{i:d4}", BitConverter.GetBytes(i));
        using var generation = await _folder.Publish();
        List<ContentRange> held = [];
        for (var i = 0; i < 1000; i++)
        {
            var range = generation.At($"{i:d4}").Read(0, 4);
            if (i % 2 == 0)
                held.Add(range);
            else
                range.Dispose();
        }
        Assert.InRange(Open(), held.Count, held.Count + 1);
        for (var i = 0; i < held.Count; i++)
            Assert.Equal(BitConverter.GetBytes(i * 2), Publishing.Bytes(held[i]));
        Assert.InRange(Open(), 1, 256);
        generation.Dispose();
        Assert.Equal(0, Open());
        Assert.Equal(BitConverter.GetBytes(7), generation.At("0007").ReadAll());
        Assert.Equal(0, Open());

        int Open() => Directory.GetFileSystemEntries("/proc/self/fd")
            .Count(fd => new FileInfo(fd).LinkTarget?.StartsWith(_folder.Root + "/", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task Many_threads_read_the_same_files_at_once()
    {
        for (var i = 0; i < 400; i++)
            _folder.Write($"{i:d3}", 3000, seed: i);
        using var generation = await _folder.Publish();
        var contents = generation.Contents.Select(digest => generation.Find(digest)!).ToList();
        var expected = contents.Select(content => content.ReadAll()).ToList();
        Parallel.For(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            var random = new Random(i);
            var which = random.Next(contents.Count);
            var offset = random.Next(expected[which].Length);
            var count = random.Next(1, 20_000);
            var bytes = Publishing.Bytes(contents[which].Read((ulong)offset, count));
            Assert.True(expected[which].AsSpan(offset, bytes.Length).SequenceEqual(bytes));
        });
    }

    [Fact]
    public async Task Access_times_of_the_source_stay_as_they_are()
    {
        var path = _folder.Write("file", 1000);
        var then = new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc);
        File.SetLastAccessTimeUtc(path, then);
        using var generation = await _folder.Publish();
        generation.At("file").ReadAll();
        Assert.Equal(then, File.GetLastAccessTimeUtc(path));
    }

    public void Dispose() => _folder.Dispose();
}
