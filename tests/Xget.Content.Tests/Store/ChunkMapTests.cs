using Xget.Content.Store;

namespace Xget.Content.Tests.Store;

public sealed class ChunkMapTests
{
    [Fact]
    public void Setting_tells_whether_the_chunk_was_new()
    {
        ChunkMap map = new(3);
        Assert.True(map.Set(1));
        Assert.False(map.Set(1));
        Assert.True(map[1]);
        Assert.False(map[0]);
        Assert.Equal(1, map.SetCount);
    }

    [Fact]
    public void Clearing_takes_a_chunk_back_once()
    {
        ChunkMap map = new(3);
        map.Set(1);
        map.Clear(1);
        map.Clear(1);
        Assert.False(map[1]);
        Assert.Equal(0, map.SetCount);
    }

    [Fact]
    public void A_map_of_nothing_is_complete() => Assert.True(new ChunkMap(0).IsComplete);

    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(1000)]
    public void It_is_complete_when_every_chunk_is_set(int count)
    {
        ChunkMap map = new(count);
        for (int i = 0; i < count; i++)
        {
            Assert.False(map.IsComplete);
            Assert.Equal(i, map.NextMissing(0));
            map.Set(i);
        }
        Assert.True(map.IsComplete);
        Assert.Equal(-1, map.NextMissing(0));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    public void A_chunk_that_is_not_there_is_a_mistake(int chunk)
        => Assert.Throws<ArgumentOutOfRangeException>(() => new ChunkMap(3)[chunk]);

    [Fact]
    public void It_agrees_with_a_plain_list_of_booleans()
    {
        Random random = new(7);
        for (int round = 0; round < 50; round++)
        {
            bool[] plain = new bool[random.Next(1, 300)];
            ChunkMap map = new(plain.Length);
            for (int step = 0; step < 400; step++)
            {
                int chunk = random.Next(plain.Length);
                if (random.Next(4) == 0)
                {
                    map.Clear(chunk);
                    plain[chunk] = false;
                }
                else
                {
                    Assert.Equal(!plain[chunk], map.Set(chunk));
                    plain[chunk] = true;
                }
                int from = random.Next(plain.Length + 2);
                Assert.Equal(from >= plain.Length ? -1 : Array.IndexOf(plain, false, from), map.NextMissing(from));
                Assert.Equal(plain.Count(x => x), map.SetCount);
            }
        }
    }

    [Fact]
    public void Threads_that_set_the_same_chunks_count_each_once()
    {
        ChunkMap map = new(10_000);
        int[] won = new int[4];
        Parallel.For(0, 4, thread =>
        {
            for (int i = 0; i < map.Count; i++)
            {
                if (map.Set((i * 7) % map.Count))
                    won[thread]++;
            }
        });
        Assert.Equal(map.Count, won.Sum());
        Assert.True(map.IsComplete);
    }
}
