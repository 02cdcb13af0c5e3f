using Xget.Node.Fetching;

namespace Xget.Node.Tests.Fetching;

/// <summary>How long a parent may bring nothing.</summary>
public sealed class ParentPatienceTests
{
    private const int Chunk = 64 << 10;
    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(10);

    private static bool IsOver(double seconds, bool overtaken, int level = 2, int chunk = Chunk) =>
        ParentPatience.IsOver(TimeSpan.FromSeconds(seconds), overtaken, level, chunk, Stall);

    [Theory]
    [InlineData(2, 3)]
    [InlineData(3, 4.5)]
    [InlineData(7, 10.5)]
    public void One_that_was_overtaken_is_given_longer_the_deeper_it_stands(int level, double seconds)
    {
        Assert.False(IsOver(seconds - 0.1, overtaken: true, level));
        Assert.True(IsOver(seconds + 0.2, overtaken: true, level));
    }

    [Fact]
    public void Whoever_stands_right_below_a_bad_node_gives_it_up_before_those_below_it_do()
    {
        for (int level = 2; level < 32; level++)
        {
            for (double seconds = 0; seconds < 60; seconds += 0.1)
                Assert.True(IsOver(seconds, true, level) || !IsOver(seconds, true, level + 1));
        }
    }

    [Fact]
    public void Where_no_other_is_faster_it_is_given_five_stall_times()
    {
        Assert.False(IsOver(49.9, overtaken: false));
        Assert.True(IsOver(50.1, overtaken: false));
    }

    [Fact]
    public void A_large_chunk_may_take_longer()
    {
        Assert.False(IsOver(4.9, overtaken: true, chunk: 1 << 20));
        Assert.True(IsOver(5.1, overtaken: true, chunk: 1 << 20));
        Assert.True(ParentPatience.Hedge(1, 1 << 20) > ParentPatience.Hedge(1, Chunk));
    }

    [Fact]
    public void The_master_is_asked_as_well_long_before_a_parent_is_given_up()
    {
        Assert.InRange(ParentPatience.Hedge(stripes: 1, Chunk).TotalSeconds, 1, 1.2);
        Assert.InRange(ParentPatience.Hedge(stripes: 4, Chunk).TotalSeconds, 2, 2.2);
    }
}
