using System.Buffers.Binary;
using FsCheck;
using FsCheck.Fluent;

namespace Xget.Content.Tests;

public sealed class ChunkTableTests
{
    private const ulong KiB = 1 << 10, MiB = 1 << 20, GiB = 1 << 30;
    private const int Chunk = 32 << 10; // of contents as small as the ones here

    [Theory]
    [InlineData(0, 32 * KiB)]
    [InlineData(1, 32 * KiB)]
    [InlineData(32 * MiB, 32 * KiB)]    // 1024 chunks
    [InlineData(32 * MiB + 1, 64 * KiB)]
    [InlineData(256 * MiB, 64 * KiB)]   // 4096 chunks, and so at each border from here on
    [InlineData(256 * MiB + 1, 128 * KiB)]
    [InlineData(512 * MiB, 128 * KiB)]
    [InlineData(512 * MiB + 1, 256 * KiB)]
    [InlineData(GiB, 256 * KiB)]
    [InlineData(GiB + 1, 512 * KiB)]
    [InlineData(2 * GiB, 512 * KiB)]
    [InlineData(2 * GiB + 1, MiB)]
    [InlineData(4 * GiB + 1, MiB)]      // 4097 chunks: there is no larger size
    [InlineData(1024 * GiB, MiB)]
    [InlineData(ulong.MaxValue, MiB)]
    public void The_chunk_size_is_32_KiB_up_to_1024_chunks_and_then_the_smallest_with_at_most_4096(
        ulong size, ulong chunkSize) =>
        Assert.Equal(chunkSize, (ulong)ChunkTable.ChunkSizeFor(size));

    [Fact]
    public void The_example_of_FORMATS_is_the_table_of_its_content()
    {
        var bytes = Pattern(70_000);
        var example = FormatsPage.Example("chunk-table");
        var table = ChunkTable.Of(bytes);
        Assert.Equal(example, table.Encoded.ToArray());
        Assert.Equal(FormatsPage.DigestAfter("chunk-table"), table.Content.ToString());
        Assert.True(ChunkTable.TryDecode(example, table.Content, out var decoded, out _));
        Assert.Equal((70_000UL, Chunk, 3), (decoded.Size, decoded.ChunkSize, decoded.Count));
        Assert.Equal((32768UL, Chunk), (decoded.OffsetOf(1), decoded.LengthOf(1)));
        Assert.Equal((65536UL, 4464), (decoded.OffsetOf(2), decoded.LengthOf(2)));
        Assert.True(decoded.Matches(0, bytes.AsSpan(0, Chunk)));
        Assert.True(decoded.Matches(1, bytes.AsSpan(Chunk, Chunk)));
        Assert.True(decoded.Matches(2, bytes.AsSpan(65536)));
        Assert.False(decoded.Matches(2, bytes.AsSpan(65535, 4464)));
        Assert.False(decoded.Matches(2, bytes.AsSpan(65536, 4463)));
    }

    [Fact]
    public void An_empty_content_has_no_chunks()
    {
        var table = ChunkTable.Of([]);
        Assert.Equal((0UL, 0, ChunkTable.HeaderLength), (table.Size, table.Count, table.Encoded.Length));
        Assert.Equal(Convert.ToHexStringLower(ReferenceBlake3.HashData(table.Encoded.Span)), table.Content.ToString());
        Assert.True(ChunkTable.TryDecode(table.Encoded, table.Content, out _, out _));
    }

    [Fact]
    public void A_table_reads_back_for_any_size()
    {
        var random = new Random(7);
        for (var round = 0; round < 100; round++)
        {
            var bytes = new byte[random.Next(400_000)];
            random.NextBytes(bytes);
            var table = ChunkTable.Of(bytes);
            Assert.Equal(ChunkTable.EncodedLengthFor((ulong)bytes.Length), table.Encoded.Length);
            Assert.True(ChunkTable.TryDecode(table.Encoded, table.Content, out var read, out var reason), reason);
            var lengths = Enumerable.Range(0, read.Count).Sum(read.LengthOf);
            Assert.Equal(bytes.Length, lengths);
            for (var i = 0; i < read.Count; i++)
                Assert.Equal(ReferenceBlake3.HashData(bytes.AsSpan((int)read.OffsetOf(i), read.LengthOf(i))), BytesOf(read[i]));
        }
    }

    [Fact]
    public void Every_flipped_bit_is_noticed()
    {
        var example = FormatsPage.Example("chunk-table");
        var digest = Digest.Of(example);
        for (var bit = 0; bit < example.Length * 8; bit++)
        {
            var flipped = (byte[])example.Clone();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(ChunkTable.TryDecode(flipped, digest, out var table, out var reason));
            Assert.Null(table);
            Assert.NotEmpty(reason);
        }
    }

    [Fact]
    public void Every_other_length_is_refused()
    {
        var example = FormatsPage.Example("chunk-table");
        for (var length = 0; length < example.Length; length++)
            Assert.False(ChunkTable.TryDecode(example.AsMemory(0, length), Digest.Of(example.AsSpan(0, length)), out _, out _));
        byte[] longer = [.. example, 0];
        Assert.False(ChunkTable.TryDecode(longer, Digest.Of(longer), out _, out _));
    }

    [Theory]
    [InlineData(0x54434758, 1, 0, 65536)]               // the version before, whose digests were others
    [InlineData(0x54434758, 3, 0, 65536)]               // unknown version
    [InlineData(0x54434759, 2, 0, 65536)]               // another magic
    [InlineData(0x54434758, 2, 0, 0)]
    [InlineData(0x54434758, 2, 0, 2048)]                // below 4 KiB
    [InlineData(0x54434758, 2, 0, 65535)]               // no power of two
    [InlineData(0x54434758, 2, 0, 32 << 20)]            // above 16 MiB
    [InlineData(0x54434758, 2, 0, int.MinValue)]
    [InlineData(0x54434758, 2, ulong.MaxValue, 65536)]  // more chunks than there may be
    [InlineData(0x54434758, 2, ulong.MaxValue, 16 << 20)]
    [InlineData(0x54434758, 2, 1, 65536)]               // a chunk that is not there
    public void A_header_with_impossible_values_is_refused_even_under_its_own_digest(
        uint magic, uint version, ulong size, int chunkSize)
    {
        var encoded = new byte[ChunkTable.HeaderLength];
        BinaryPrimitives.WriteUInt32LittleEndian(encoded, magic);
        BinaryPrimitives.WriteUInt32LittleEndian(encoded.AsSpan(4), version);
        BinaryPrimitives.WriteUInt64LittleEndian(encoded.AsSpan(8), size);
        BinaryPrimitives.WriteInt32LittleEndian(encoded.AsSpan(16), chunkSize);
        Assert.False(ChunkTable.TryDecode(encoded, Digest.Of(encoded), out _, out var reason));
        Assert.NotEmpty(reason);
    }

    [Fact]
    public void The_limits_of_chunk_size_themselves_are_allowed()
    {
        Assert.Null(ChunkTable.WhyNot(1, ChunkTable.SmallestChunk));
        Assert.Null(ChunkTable.WhyNot(1, ChunkTable.LargestChunk));
        Assert.Null(ChunkTable.WhyNot((ulong)ChunkTable.MaxCount * 4096, 4096));
        Assert.NotNull(ChunkTable.WhyNot((ulong)ChunkTable.MaxCount * 4096 + 1, 4096));
    }

    [Fact]
    public void Any_bytes_are_refused_or_read() => Prop.ForAll(
        ArbMap.Default.ArbFor<byte[]>(),
        bytes => !ChunkTable.TryDecode(bytes, Digest.Of(bytes), out _, out _) || bytes.Length >= ChunkTable.HeaderLength)
        .QuickCheckThrowOnFailure();

    [Fact]
    public void Chunks_of_zeros_are_known_as_such_and_no_others()
    {
        var bytes = new byte[4 * Chunk + 100];
        bytes[Chunk + 5] = 1;
        var table = ChunkTable.Of(bytes);
        Assert.Equal([true, false, true, true, true], Enumerable.Range(0, table.Count).Select(table.IsZero));
        bytes[^1] = 1;
        Assert.False(ChunkTable.Of(bytes).IsZero(4));
    }

    [Fact]
    public void A_builder_gives_the_same_table_whatever_the_order()
    {
        var bytes = new byte[10 * Chunk + 1];
        new Random(8).NextBytes(bytes);
        bytes.AsSpan(3 * Chunk, Chunk).Clear();
        var builder = new ChunkTableBuilder((ulong)bytes.Length);
        Parallel.For(0, builder.Count, i =>
        {
            var index = builder.Count - 1 - i;
            if (index == 3)
                builder.SetZero(index);
            else
                builder.Set(index, Digest.Of(bytes.AsSpan((int)builder.OffsetOf(index), builder.LengthOf(index))));
        });
        Assert.Equal(ChunkTable.Of(bytes).Content, builder.Build().Content);
    }

    private static byte[] Pattern(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i % 251))];

    private static byte[] BytesOf(Digest digest)
    {
        var bytes = new byte[Digest.Size];
        digest.CopyTo(bytes);
        return bytes;
    }
}
