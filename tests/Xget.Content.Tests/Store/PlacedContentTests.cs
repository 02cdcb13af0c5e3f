using System.Runtime.CompilerServices;
using Mono.Unix.Native;
using Xget.Content.Store;

namespace Xget.Content.Tests.Store;

/// <summary>What a content gives that is read from the files it was placed into.</summary>
public sealed class PlacedContentTests : IDisposable
{
    private readonly Scratch _scratch = new();

    [Fact]
    public async Task A_large_file_is_a_content_again_after_its_partial_one_is_disposed()
    {
        Sample sample = Sample.Random(20 * Sample.ChunkSize + 77);
        PackMember member = await Placed.FileAsync(_scratch, "file", sample);
        Assert.Equal(0, Placed.Descriptors(_scratch));
        using PlacedContent content = _scratch.Reopen(sample, member);
        Assert.Same(sample.Table, content.Table);
        Assert.True(content.Map.IsComplete);
        Assert.Equal(sample.Bytes, Sample.ReadAll(content));
        using ContentRange range = content.Read(12345, 30_000);
        Assert.Equal((12345L, 30_000, true), (range.FileOffset, range.Count, range.File is not null));
    }

    [Fact]
    public void A_chunk_of_a_pack_is_one_range_however_many_files_it_spans()
    {
        Sample pack = Sample.Random(200_000, chunkSize: 65536);
        using PlacedContent content = _scratch.Reopen(pack, Placed.Members(_scratch, pack, Placed.Cut(200_000, 700)));
        for (int chunk = 0; chunk < pack.Table.Count; chunk++)
        {
            using ContentRange range = content.Read(pack.Table.OffsetOf(chunk), pack.Table.LengthOf(chunk));
            Assert.Null(range.File);
            Assert.Equal(pack.Chunk(chunk), range.Bytes.Span);
        }
    }

    [Fact]
    public void A_range_within_one_member_is_a_range_of_its_file()
    {
        Sample pack = Sample.Random(3000);
        using PlacedContent content = _scratch.Reopen(pack, Placed.Members(_scratch, pack, (0, 1000), (1000, 2000)));
        using ContentRange range = content.Read(1500, 1500);
        Assert.Equal((500L, 1500, true), (range.FileOffset, range.Count, range.File is not null));
    }

    [Fact]
    public void A_range_across_files_is_cut_at_a_mebibyte()
    {
        Sample pack = Sample.Random(3 << 20, chunkSize: 65536);
        using PlacedContent content = _scratch.Reopen(pack, Placed.Members(_scratch, pack, Placed.Cut(3 << 20, 100_000)));
        using (ContentRange range = content.Read(10, 3 << 20))
            Assert.Equal(pack.Bytes.AsSpan(10, 1 << 20), range.Bytes.Span);
        Assert.Equal(pack.Bytes, Placed.ReadAll(content));
    }

    [Fact]
    public void A_read_is_cut_at_the_contents_end()
    {
        Sample pack = Sample.Random(3000);
        using PlacedContent content = _scratch.Reopen(pack, Placed.Members(_scratch, pack, (0, 1000), (1000, 2000)));
        Assert.Equal(pack.Bytes[^2500..], Sample.Read(content, 500, int.MaxValue));
        Assert.Equal(pack.Bytes[^15..], Sample.Read(content, 2985, 16));
        Assert.Empty(Sample.Read(content, 3000, 1000));
        Assert.Empty(Sample.Read(content, ulong.MaxValue, int.MaxValue));
        Assert.Empty(Sample.Read(content, 0, 0));
        Assert.Empty(Sample.Read(content, 0, -1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Any_range_is_right_whatever_order_overlap_and_repetition_the_members_have(int seed)
    {
        Random random = new(seed);
        Sample pack = Sample.Random(60_000, seed);
        List<(int Offset, int Length)> ranges = [];
        for (int covered = 0; covered < pack.Bytes.Length;)
        {
            int offset = random.Next(Math.Max(0, covered - 500), covered + 1);
            int length = random.Next(Math.Min(3000, pack.Bytes.Length - offset) + 1);
            ranges.Add((offset, length));
            if (random.Next(4) == 0)
                ranges.Add((offset, length));
            covered = Math.Max(covered, offset + length);
        }
        List<PackMember> members = Placed.Members(_scratch, pack, [.. ranges]);
        PackMember[] order = [.. members];
        random.Shuffle(order);
        using PlacedContent content = _scratch.Reopen(pack, order);
        Assert.Equal(pack.Bytes, Placed.ReadAll(content));
        for (int i = 0; i < 500; i++)
        {
            int offset = random.Next(pack.Bytes.Length);
            int count = random.Next(1, 10_000);
            byte[] expected = pack.Bytes[offset..Math.Min(pack.Bytes.Length, offset + count)];
            Assert.Equal(expected, Sample.Read(content, (ulong)offset, count));
        }
    }

    [Fact]
    public void Members_that_leave_a_gap_are_refused()
    {
        Sample pack = Sample.Random(3000);
        List<PackMember> members = Placed.Members(_scratch, pack, (0, 1000), (1000, 1000), (2000, 1000));
        Assert.Equal(Errno.EINVAL, Refused(pack, [members[0], members[1]]));
        Assert.Equal(Errno.EINVAL, Refused(pack, [members[0], members[2]]));
        Assert.Equal(Errno.EINVAL, Refused(pack, [members[1], members[2]]));
        Assert.Equal(Errno.EINVAL, Refused(pack, []));
    }

    [Fact]
    public void Members_of_another_content_or_outside_this_one_are_refused()
    {
        Sample pack = Sample.Random(3000);
        PackMember whole = Placed.Members(_scratch, pack, (0, 3000))[0];
        DataReference[] bad =
        [
            whole.Data with { Content = Sample.Random(3000, seed: 2).Table.Content },
            whole.Data with { Length = 3001 },
            whole.Data with { Offset = 1 },
            whole.Data with { Offset = ulong.MaxValue },
            whole.Data with { Length = ulong.MaxValue },
        ];
        Assert.All(bad, data => Assert.Equal(Errno.EINVAL, Refused(pack, [whole with { Data = data }])));
        Assert.All(bad, data => Assert.Equal(Errno.EINVAL, Refused(pack, [whole, whole with { Data = data }])));
    }

    [Fact]
    public void A_content_without_bytes_needs_no_member()
    {
        Sample empty = Sample.Of([]);
        using PlacedContent content = _scratch.Reopen(empty, []);
        Assert.True(content.Map.IsComplete);
        Assert.Empty(Sample.ReadAll(content));
    }

    [Fact]
    public void Chunks_that_are_there_are_left_as_they_are_and_nothing_is_taken()
    {
        Sample sample = Sample.Random(2 * Sample.ChunkSize);
        using PlacedContent content = _scratch.Reopen(sample, Placed.Members(_scratch, sample, (0, 2 * Sample.ChunkSize)));
        Assert.Equal((Errno)0, content.Write(0, sample.Chunk(1)));
        Assert.Equal(Errno.EINVAL, content.Write(2, sample.Chunk(0)));
        Assert.Equal(Errno.EINVAL, content.Write(-1, sample.Chunk(0)));
        Assert.Equal(Errno.EINVAL, content.Write(0, sample.Chunk(0)[1..]));
        content.Map.Clear(0);
        Assert.Equal(Errno.EROFS, content.Write(0, sample.Chunk(0)));
        Assert.Equal(sample.Bytes, File.ReadAllBytes(_scratch["m0"]));
    }

    [Fact]
    public async Task Another_file_can_be_made_of_it()
    {
        Sample sample = Sample.Random(300_000, chunkSize: 65536);
        using PlacedContent large = _scratch.Reopen(sample, await Placed.FileAsync(_scratch, "file", sample));
        Assert.Equal((Errno)0, _scratch.Destination.PlaceRange(large, sample.Whole, Scratch.At("copy"), Scratch.File()));
        Assert.Equal(sample.Bytes, await File.ReadAllBytesAsync(_scratch["copy"]));

        Sample pack = Sample.Random(3 << 20, seed: 2, chunkSize: 65536);
        using PlacedContent joined = _scratch.Reopen(pack, Placed.Members(_scratch, pack, Placed.Cut(3 << 20, 100_000)));
        Assert.Equal((Errno)0, _scratch.Destination.PlaceRange(joined, pack.Whole, Scratch.At("all"), Scratch.File()));
        Assert.Equal(pack.Bytes, await File.ReadAllBytesAsync(_scratch["all"]));
    }

    [Fact]
    public async Task A_disposed_content_refuses_reads_and_holds_no_descriptor()
    {
        Sample sample = Sample.Random(Sample.ChunkSize);
        PlacedContent content = _scratch.Reopen(sample, await Placed.FileAsync(_scratch, "file", sample));
        Assert.Equal(sample.Bytes, Sample.ReadAll(content));
        Assert.Equal(1, Placed.Descriptors(_scratch));
        content.Dispose();
        content.Dispose();
        Assert.Equal(0, Placed.Descriptors(_scratch));
        Assert.Equal(Errno.EBADF, content.Read(0, 1).Error);
    }

    [Fact]
    public async Task A_range_read_before_disposal_stays_good_until_its_lease_goes()
    {
        Sample sample = Sample.Random(Sample.ChunkSize);
        PlacedContent content = _scratch.Reopen(sample, await Placed.FileAsync(_scratch, "file", sample));
        ContentRange range = content.Read(10, 100);
        content.Dispose();
        byte[] bytes = new byte[100];
        Assert.Equal((Errno)0, range.CopyTo(bytes));
        Assert.Equal(sample.Bytes[10..110], bytes);
        range.Dispose();
        Assert.True(range.File!.IsClosed);
        Assert.Equal(0, Placed.Descriptors(_scratch));
    }

    [Fact]
    public async Task It_is_read_on_when_its_destination_is_disposed()
    {
        Sample sample = Sample.Random(Sample.ChunkSize);
        PackMember member = await Placed.FileAsync(_scratch, "file", sample);
        PlacedContent content = _scratch.Reopen(sample, member);
        _scratch.Destination.Dispose();
        Assert.Equal(sample.Bytes, Sample.ReadAll(content));
        Assert.Equal(0, Placed.Descriptors(_scratch)); // from now on none is kept
        content.Dispose();
        Assert.DoesNotContain(_scratch.Root, Placed.OpenPaths());
        Assert.Equal(Errno.EBADF, _scratch.Destination.Reopen(sample.Table, [member], out _));
    }

    [Fact]
    public void What_is_kept_of_a_file_is_small() => Assert.Equal(48, Unsafe.SizeOf<FileIdentity>());

    public void Dispose() => _scratch.Dispose();

    private Errno Refused(Sample sample, IReadOnlyList<PackMember> members)
    {
        Errno error = _scratch.Destination.Reopen(sample.Table, members, out PlacedContent? content);
        Assert.Null(content);
        return error;
    }
}
