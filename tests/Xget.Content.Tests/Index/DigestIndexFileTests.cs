namespace Xget.Content.Tests;

/// <summary>The index file itself, byte by byte.</summary>
public sealed class DigestIndexFileTests : IDisposable
{
    private readonly SourceFolder _folder = new();

    private string IndexPath => _folder["index"];

    [Fact]
    public void The_example_of_FORMATS_is_the_file_that_is_written()
    {
        var state = new byte[FileIdentity.EncodedLength];
        new FileIdentity((8UL << 32) | 1, 42, 6, new Timestamp(1700000001, 123456789), new Timestamp(1700000002, 5))
            .CopyTo(state);
        Assert.Equal(FormatsPage.Example("file-state"), state);
        using (var index = DigestIndex.Open(IndexPath))
            index.Add(Digest.Of(state), new IndexedContent(ChunkTable.Of("hello\n"u8), Adler32.Append(1, "hello\n"u8)));
        Assert.Equal(FormatsPage.Example("index-file"), File.ReadAllBytes(IndexPath));
    }

    [Fact]
    public void The_example_of_FORMATS_reads_as_what_the_page_says()
    {
        File.WriteAllBytes(IndexPath, FormatsPage.Example("index-file"));
        using var index = DigestIndex.Open(IndexPath);
        var known = index.Find(Digest.Of(FormatsPage.Example("file-state")), files: 1, size: 6);
        Assert.Equal(ChunkTable.Of("hello\n"u8).Content, known!.Table.Content);
        Assert.Equal([Adler32.Append(1, "hello\n"u8)], known.Adlers.AsEnumerable());
        Assert.Empty(index.Warnings);
    }

    [Fact]
    public void Damage_at_any_byte_never_gives_a_wrong_table()
    {
        var contents = Some(4);
        var whole = Written(contents);
        for (var position = 0; position < whole.Length; position++)
        {
            var damaged = (byte[])whole.Clone();
            damaged[position] ^= (byte)(1 + position % 255);
            AssertHoldsOnly(contents, damaged, position);
        }
    }

    [Fact]
    public void A_file_cut_at_any_byte_keeps_its_whole_records_and_goes_on()
    {
        var contents = Some(3);
        var whole = Written(contents);
        var before = -1;
        for (var length = 0; length <= whole.Length; length++)
        {
            var kept = AssertHoldsOnly(contents, whole[..length], length);
            Assert.True(kept >= before);
            before = length < IndexRecord.HeaderLength ? -1 : kept;
        }
        Assert.Equal(contents.Count, before);
    }

    [Fact]
    public void A_torn_end_of_zeros_or_noise_is_cut_off_with_a_warning()
    {
        var contents = Some(3);
        var whole = Written(contents);
        var noise = new byte[5000];
        new Random(13).NextBytes(noise);
        foreach (var end in new[] { new byte[5000], noise, [.. Enumerable.Repeat((byte)0xff, 9)] })
        {
            File.WriteAllBytes(IndexPath, [.. whole, .. end]);
            using var index = DigestIndex.Open(IndexPath);
            Assert.Equal(contents.Count, index.Count);
            Assert.Contains($"damaged at byte {whole.Length}", Assert.Single(index.Warnings), StringComparison.Ordinal);
            Assert.Equal(whole.Length, new FileInfo(IndexPath).Length);
        }
    }

    [Fact]
    public void A_file_that_is_no_index_is_kept_aside()
    {
        File.WriteAllText(IndexPath, "somebody's only copy");
        using (var index = DigestIndex.Open(IndexPath))
        {
            Assert.True(index.IsPersistent);
            Assert.Contains("no digest index", Assert.Single(index.Warnings), StringComparison.Ordinal);
            Add(index, Some(1));
        }
        Assert.Equal("somebody's only copy", File.ReadAllText(IndexPath + ".bad"));
        using var again = DigestIndex.Open(IndexPath);
        Assert.Equal(1, again.Count);
    }

    [Fact]
    public void An_index_of_another_version_is_begun_anew()
    {
        File.WriteAllBytes(IndexPath, [.. "XGIX"u8, 1, 0, 0, 0, 5, 6, 7]);
        using (var index = DigestIndex.Open(IndexPath))
        {
            Assert.Contains("another version", Assert.Single(index.Warnings), StringComparison.Ordinal);
            Add(index, Some(1));
        }
        Assert.False(File.Exists(IndexPath + ".bad"));
        using var again = DigestIndex.Open(IndexPath);
        Assert.Equal(1, again.Count);
    }

    [Fact]
    public void A_second_process_works_in_memory_with_a_warning()
    {
        using var first = DigestIndex.Open(IndexPath);
        using (var second = DigestIndex.Open(IndexPath))
        {
            Assert.False(second.IsPersistent);
            Assert.Contains("used by another process", Assert.Single(second.Warnings), StringComparison.Ordinal);
            Add(second, Some(2));
            Assert.Equal(2, second.Count);
        }
        Add(first, Some(1));
        first.Dispose();
        using var third = DigestIndex.Open(IndexPath);
        Assert.Equal((true, 1), (third.IsPersistent, third.Count));
    }

    [Theory]
    [InlineData("missing/index")]
    [InlineData("directory")]
    public void Where_no_file_can_be_there_is_a_warning_and_memory(string path)
    {
        _folder.Make("directory");
        using var index = DigestIndex.Open(_folder[path]);
        Assert.False(index.IsPersistent);
        Assert.Contains("in memory only", Assert.Single(index.Warnings), StringComparison.Ordinal);
        Add(index, Some(1));
        Assert.Equal(1, index.Count);
    }

    [SkippableFact]
    public void A_full_disk_costs_the_file_but_not_what_is_known()
    {
        Prerequisite.Root();
        var mount = _folder.Make("mnt");
        SourceFolder.Run("mount", "-t", "tmpfs", "-o", "size=64k", "xget-test", mount);
        try
        {
            var contents = Some(1000);
            using (var index = DigestIndex.Open(_folder["mnt/index"]))
            {
                Add(index, contents);
                Assert.Equal((false, 1000), (index.IsPersistent, index.Count));
                Assert.Contains("cannot be written", Assert.Single(index.Warnings), StringComparison.Ordinal);
            }
            using var again = DigestIndex.Open(_folder["mnt/index"]);
            Assert.Empty(again.Warnings);
            Assert.InRange(again.Count, 100, 999);
        }
        finally
        {
            SourceFolder.Run("umount", mount);
        }
    }

    [Fact]
    public void When_more_than_half_is_of_no_use_the_file_is_written_anew()
    {
        var contents = Some(100);
        using (var index = DigestIndex.Open(IndexPath))
        {
            Add(index, contents);
            var length = new FileInfo(IndexPath).Length;
            index.Retain([.. contents.Keys.Take(60)]);
            Assert.Equal((100, length), (index.Count, new FileInfo(IndexPath).Length));
            index.Retain([.. contents.Keys.Take(40)]);
            Assert.Equal(40, index.Count);
            Assert.InRange(new FileInfo(IndexPath).Length, length / 3, length / 2);
            using (var second = DigestIndex.Open(IndexPath))
                Assert.False(second.IsPersistent);    // the new file is held like the old one
            Add(index, Some(101).Skip(100).ToDictionary());
        }
        using var again = DigestIndex.Open(IndexPath);
        Assert.Equal(41, again.Count);
        Assert.Empty(again.Warnings);
        Assert.False(File.Exists(IndexPath + ".new"));
    }

    public void Dispose() => _folder.Dispose();

    private static Dictionary<Digest, IndexedContent> Some(int count)
    {
        Dictionary<Digest, IndexedContent> contents = [];
        for (var i = 0; i < count; i++)
        {
            var bytes = new byte[i * 1000 % 70_000];
            new Random(i).NextBytes(bytes);
            contents.Add(Digest.Of(BitConverter.GetBytes(i)), new IndexedContent(
                ChunkTable.Of(bytes), [(uint)i, 7, 8], [Digest.Of([1]), Digest.Of([2]), Digest.Of([3])]));
        }
        return contents;
    }

    private static void Add(DigestIndex index, Dictionary<Digest, IndexedContent> contents)
    {
        foreach (var (key, content) in contents)
            index.Add(key, content);
    }

    private byte[] Written(Dictionary<Digest, IndexedContent> contents)
    {
        using (var index = DigestIndex.Open(IndexPath))
            Add(index, contents);
        return File.ReadAllBytes(IndexPath);
    }

    // What is loaded is right; and what is added afterwards is there at the next start.
    private int AssertHoldsOnly(Dictionary<Digest, IndexedContent> contents, byte[] file, int position)
    {
        File.WriteAllBytes(IndexPath, file);
        var kept = 0;
        using (var index = DigestIndex.Open(IndexPath))
        {
            foreach (var (key, content) in contents)
            {
                if (index.Find(key, content.Adlers.Length, content.Table.Size) is not { } known)
                    continue;
                kept++;
                Assert.Equal(content.Table.Encoded.ToArray(), known.Table.Encoded.ToArray());
                Assert.Equal(content.Adlers.AsEnumerable(), known.Adlers.AsEnumerable());
                Assert.Equal(content.OwnDigests.AsEnumerable(), known.OwnDigests.AsEnumerable());
            }
            Assert.Equal(kept, index.Count);
            if (position % 16 == 0)
                Add(index, contents);
        }
        if (position % 16 == 0)
        {
            using var again = DigestIndex.Open(IndexPath);
            Assert.Equal(contents.Count, again.Count);
            Assert.Empty(again.Warnings);
        }
        return kept;
    }
}
