using Xget.Content.Cache;
using Xget.Content.Store;
using Xget.Content.Tests.Store;

namespace Xget.Content.Tests.Cache;

public sealed class MapFileTests
{
    private static readonly Guid Boot = new(Convert.FromHexString("000102030405060708090a0b0c0d0e0f"));
    private static readonly FileIdentity Identity = new(0x801, 42, 20000, new Timestamp(1700000000, 5), new Timestamp(-1, 6));

    private readonly Sample _sample = Sample.Random(20000); // three chunks

    [Fact]
    public void The_layout_is_as_documented()
    {
        byte[] map = Encode(0, 2);
        string[] header =
        [
            "5847434d", // magic "XGCM"
            "01000000", // format version 1
            "646f6e65", // "done"
            Hex(Crc(map.AsSpan(16, 88))), // check sum of what follows in the header
            "000102030405060708090a0b0c0d0e0f", // boot id
            "0108000000000000", // device
            "2a00000000000000", // inode 42
            "204e000000000000", // size 20000
            "00f1536500000000", // mtime, seconds
            "05000000", // mtime, nanoseconds
            "ffffffffffffffff", // ctime, seconds -1
            "06000000", // ctime, nanoseconds
            "7400000000000000", // length of the chunk table: 20 + 3 x 32
            "03000000", // chunks
            "02000000", // chunks that are there
            Hex(Crc([0b101])), // check sum of the bits
            "00000000",
        ];
        Assert.Equal(string.Concat(header), Convert.ToHexStringLower(map.AsSpan(0, 104)));
        Assert.Equal(_sample.Table.Encoded.Span, map.AsSpan(104, 116));
        Assert.Equal([0b101], map[220..]);
        map = MapFile.Encode(_sample.Table, new ChunkMap(3), isDone: false, Boot, Identity);
        Assert.Equal("open"u8, map.AsSpan(8, 4));
    }

    [Fact]
    public void What_was_encoded_is_decoded()
    {
        byte[] file = Encode(1);
        MapFile map = Decode(file)!;
        Assert.Equal((3, 1, false, 116ul), (map.Count, map.SetCount, map.IsComplete, map.TableLength));
        Assert.True(map.Vouches(Boot, Identity));
        ChunkMap there = new(3);
        Assert.True(map.TryReadBits(file.AsSpan(220), there));
        Assert.Equal([false, true, false], Enumerable.Range(0, 3).Select(i => there[i]));
        Assert.True(Decode(Encode(0, 1, 2))!.IsComplete);
    }

    [Fact]
    public void It_vouches_for_nothing_that_is_not_exactly_as_it_was()
    {
        MapFile map = Decode(Encode(1))!;
        Assert.False(map.Vouches(Guid.NewGuid(), Identity));
        Assert.False(map.Vouches(Boot, new(0x802, 42, 20000, Identity.Mtime, Identity.Ctime)));
        Assert.False(map.Vouches(Boot, new(0x801, 43, 20000, Identity.Mtime, Identity.Ctime)));
        Assert.False(map.Vouches(Boot, new(0x801, 42, 20001, Identity.Mtime, Identity.Ctime)));
        Assert.False(map.Vouches(Boot, new(0x801, 42, 20000, Identity.Ctime, Identity.Ctime)));
        Assert.False(map.Vouches(Boot, new(0x801, 42, 20000, Identity.Mtime, Identity.Mtime)));
        byte[] open = MapFile.Encode(_sample.Table, new ChunkMap(3), isDone: false, Boot, Identity);
        Assert.False(Decode(open)!.Vouches(Boot, Identity));
        byte[] nowhere = MapFile.Encode(_sample.Table, new ChunkMap(3), isDone: true, Guid.Empty, Identity);
        Assert.False(Decode(nowhere)!.Vouches(Guid.Empty, Identity));
    }

    [Fact]
    public void Every_flipped_bit_is_noticed()
    {
        byte[] file = Encode(0, 2);
        for (int bit = 0; bit < file.Length * 8; bit++)
        {
            byte[] flipped = [.. file];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            bool isBelieved = Decode(flipped) is { } map && map.Vouches(Boot, Identity)
                && ChunkTable.TryDecode(flipped.AsMemory(104, 116), _sample.Table.Content, out _, out _)
                && map.TryReadBits(flipped.AsSpan(220), new ChunkMap(3));
            Assert.False(isBelieved);
        }
    }

    [Fact]
    public void Any_bytes_are_taken_or_refused()
    {
        Random random = new(3);
        byte[] good = Encode(0, 2);
        for (int round = 0; round < 20000; round++)
        {
            byte[] bytes = new byte[random.Next(400)];
            random.NextBytes(bytes);
            good.AsSpan(0, Math.Min(random.Next(good.Length), bytes.Length)).CopyTo(bytes);
            MapFile.Decode(bytes, (ulong)bytes.Length)?.TryReadBits(bytes, new ChunkMap(3));
        }
        Assert.Null(MapFile.Decode(good, (ulong)good.Length - 1));
        Assert.Null(MapFile.Decode(good, ulong.MaxValue));
    }

    private static MapFile? Decode(byte[] file) => MapFile.Decode(file, (ulong)file.Length);

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue; // bit by bit, RFC 3720's polynomial
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int i = 0; i < 8; i++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
        }
        return ~crc;
    }

    private static string Hex(uint value) => Convert.ToHexStringLower(BitConverter.GetBytes(value));

    private byte[] Encode(params int[] chunks)
    {
        ChunkMap there = new(3);
        foreach (int chunk in chunks)
            there.Set(chunk);
        return MapFile.Encode(_sample.Table, there, isDone: true, Boot, Identity);
    }
}
