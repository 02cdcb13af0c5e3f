using Xget.Node.Wire;

namespace Xget.Node.Tests.Wire;

/// <summary>PROTOCOL.md, "objects/DIGEST/redir": which chunks belong to which stripe.</summary>
public sealed class ChunkStripesTests
{
    private const ulong Size = 6400 << 10;

    [Theory]
    [InlineData(1 << 20, 32 << 10, 4)]
    [InlineData((64 << 20) - 1, 64 << 10, 2)]
    [InlineData((64 << 20) - 1, 128 << 10, 1)]
    [InlineData(64 << 20, 64 << 10, 4)]
    [InlineData(1UL << 40, 128 << 10, 2)]
    [InlineData(1UL << 40, 1 << 20, 1)]
    public void A_run_is_128_KiB_or_256_of_a_large_content_or_one_chunk(ulong size, int chunkSize, int run) =>
        Assert.Equal(run, new ChunkStripes(4, size, chunkSize).Run);

    [Fact]
    public void Runs_go_round_the_stripes()
    {
        var layout = new ChunkStripes(3, Size, 64 << 10);
        Assert.Equal([0, 0, 1, 1, 2, 2, 0, 0, 1, 1], Enumerable.Range(0, 10).Select(layout.Of));
        Assert.Equal([2, 2, 4, 4], new[] { 0, 1, 2, 3 }.Select(layout.EndOfRun));
    }

    [Theory]
    [InlineData(1, 32 << 10)]
    [InlineData(2, 128 << 10)]
    [InlineData(4, 32 << 10)]
    [InlineData(5, 64 << 10)]
    public void From_its_first_chunk_on_a_stripe_is_walked_through_in_order_and_whole(int stripes, int chunkSize)
    {
        const int Chunks = 100;
        var layout = new ChunkStripes(stripes, Size, chunkSize);
        for (int stripe = 0; stripe < stripes; stripe++)
        {
            var walked = new List<int>();
            for (int chunk = layout.First(stripe); chunk < Chunks; chunk = layout.After(chunk))
                walked.Add(chunk);
            Assert.Equal(Enumerable.Range(0, Chunks).Where(c => layout.Of(c) == stripe), walked);
        }
    }
}
