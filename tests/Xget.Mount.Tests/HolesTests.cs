using Xget.Content;

namespace Xget.Mount.Tests;

/// <summary>Holes of a file, as its chunk table tells them.</summary>
public class HolesTests
{
    private const int Chunk = 32 << 10;

    /// <summary>Chunks: hole, data, hole, hole, data, and a hole of 100 bytes at the end.</summary>
    private static readonly ChunkTable Table = ChunkTable.Of(Bytes());

    private static byte[] Bytes()
    {
        byte[] bytes = new byte[5 * Chunk + 100];
        bytes[Chunk + 5] = 1;
        bytes[4 * Chunk + 5] = 1;
        return bytes;
    }

    [Theory]
    [InlineData(0, Chunk)]
    [InlineData(Chunk, Chunk)]
    [InlineData(Chunk + 7, Chunk + 7)]
    [InlineData(2 * Chunk, 4 * Chunk)]
    [InlineData(5 * Chunk, -1)]
    public void Data_is_found_behind_holes(int from, int expected) =>
        Assert.Equal(expected < 0 ? null : (ulong)expected, Holes.NextData(Table, (ulong)from));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(Chunk, 2 * Chunk)]
    [InlineData(2 * Chunk + 3, 2 * Chunk + 3)]
    [InlineData(4 * Chunk, 5 * Chunk)]
    [InlineData(5 * Chunk + 99, 5 * Chunk + 99)]
    public void Holes_are_found_behind_data(int from, int expected) => Assert.Equal((ulong)expected, Holes.NextHole(Table, (ulong)from));

    [Fact]
    public void The_end_of_a_file_without_holes_is_one()
    {
        ChunkTable full = ChunkTable.Of([1, 2, 3]);
        Assert.Equal(3UL, Holes.NextHole(full, 0));
        Assert.Equal(1UL, Holes.DataBlocks(full));
    }

    [Fact]
    public void Blocks_are_those_of_the_data() => Assert.Equal(2UL * Chunk / 512, Holes.DataBlocks(Table));
}
