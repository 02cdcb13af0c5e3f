using Xget.Node.Exporting;

namespace Xget.Node.Tests.Exporting;

/// <summary>Where newcomers are told to begin: what the master was asked for by those who hold routes.</summary>
public sealed class FrontTests
{
    private const int Chunk = 32 << 10;
    private const int Stripes = 2;
    private const int PerRun = 4;
    private const int Chunks = 200;
    private const int MaxStep = 4 * PerRun * Stripes;

    private readonly Front _front = new(Stripes, Chunks * Chunk, Chunk);

    private void Ask(int chunk, int bytes = Chunk) => _front.Asked((ulong)chunk * Chunk, bytes);

    private ulong[] Chunk0 => [_front[0] / Chunk, _front[1] / Chunk];

    [Fact]
    public void It_is_what_was_asked_for_in_each_stripe()
    {
        Ask(0);
        Ask(PerRun);
        Ask(2 * PerRun);
        Assert.Equal([2UL * PerRun, PerRun], Chunk0);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, Chunk - 1)]
    [InlineData(1, Chunk)]
    public void Reads_of_less_than_a_chunk_do_not_move_it(int at, int bytes)
    {
        _front.Asked((ulong)(2 * PerRun * Chunk + at), bytes);
        Assert.Equal([0UL, 0UL], Chunk0);
    }

    [Fact]
    public void The_last_chunk_is_whole_though_it_is_shorter()
    {
        const int size = 3 * Chunk + 5;
        var front = new Front(1, size, Chunk);
        front.Asked(3 * Chunk, 5);
        Assert.Equal(3UL * Chunk, front[0]);
    }

    [Fact]
    public void One_read_moves_it_by_four_runs_at_the_most()
    {
        Ask(2 * PerRun);
        Ask(192);
        Assert.Equal((ulong)(2 * PerRun + MaxStep), Chunk0[0]);
    }

    [Fact]
    public void It_goes_back_only_from_the_end_to_the_beginning()
    {
        for (int chunk = 0; chunk < Chunks; chunk += 2 * PerRun)
        {
            Ask(chunk);
            Ask(chunk / 2 / (2 * PerRun) * 2 * PerRun);
            Assert.Equal((ulong)chunk, Chunk0[0]);
        }
        Ask(1);
        Assert.Equal(1UL, Chunk0[0]);
        Ask(0);
        Assert.Equal(1UL, Chunk0[0]);
    }
}
