using Xget.Content;

namespace Xget.Mount.Tests;

/// <summary>What is fetched ahead of a reader.</summary>
public class ReadAheadTests
{
    private const ulong MiB = 1 << 20;
    private const ulong Limit = 32 * MiB;
    private const int Size = 128 << 10;

    private static OpenedFile Open(ulong size, bool readsAhead = true)
    {
        var attributes = new EntryAttributes { Type = EntryType.Regular, Size = size };
        var data = new DataReference(default, 0, size);
        var inode = new Inode(2, 2, null, FileName.Of("f"), attributes, data);
        return new OpenedFile(inode, data, null, readsAhead);
    }

    [Fact]
    public void A_sequential_reader_is_kept_ahead_of_more_and_more_up_to_the_limit()
    {
        OpenedFile file = Open(1 << 30);
        List<ulong> leads = [];
        ulong reached = 0;
        for (ulong at = 0; at < 200 * MiB; at += Size)
        {
            (ulong offset, ulong length) = file.Ahead(at, Size);
            if (length > 0)
                leads.Add((reached = offset + length) - at - Size);
            Assert.True(reached > at + Size, "the reader has caught up");
        }
        Assert.Equal([MiB, 2 * MiB, 4 * MiB, 8 * MiB, 16 * MiB, Limit], leads.Take(6));
        Assert.All(leads.Skip(6), lead => Assert.InRange(lead, Limit - MiB, Limit));
    }

    [Fact]
    public void What_is_fetched_ahead_is_asked_for_once_and_without_gaps()
    {
        OpenedFile file = Open(100 * MiB + 12345);
        ulong reached = Size;
        for (ulong at = 0; at < 100 * MiB + 12345; at += Size)
        {
            (ulong offset, ulong length) = file.Ahead(at, Size);
            Assert.True(length == 0 || offset == reached);
            reached += length;
        }
        Assert.Equal(100 * MiB + 12345, reached);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Nothing_is_fetched_ahead_of_a_reader_that_jumps(int seed)
    {
        var random = new Random(seed);
        OpenedFile file = Open(10UL << 30);
        ulong last = 0;
        for (int i = 0; i < 1000; i++)
        {
            ulong at;
            do
            {
                at = (ulong)random.NextInt64(2 << 20, 10L << 30);
            }
            while (Math.Max(at, last) - Math.Min(at, last) < 3 * MiB);
            last = at;
            Assert.Equal((0UL, 0UL), file.Ahead(at, 4096));
        }
    }

    [Fact]
    public void A_jump_makes_the_window_small_again()
    {
        OpenedFile file = Open(1 << 30);
        for (ulong at = 0; at < 20 * MiB; at += Size)
            file.Ahead(at, Size);
        Assert.Equal((0UL, 0UL), file.Ahead(500 * MiB, Size));
        Assert.Equal((500 * MiB + 2 * Size, MiB), file.Ahead(500 * MiB + Size, Size));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Requests_that_overtake_one_another_still_count_as_sequential(int seed)
    {
        var random = new Random(seed);
        OpenedFile file = Open(1 << 30);
        ulong reached = 0;
        for (ulong block = 0; block < 100; block++)
        {
            // Four requests of the kernel's read-ahead, in any order.
            ulong[] offsets = [.. Enumerable.Range(0, 4).Select(i => block * 4 * Size + (ulong)i * Size)];
            random.Shuffle(offsets);
            foreach (ulong at in offsets)
            {
                (ulong offset, ulong length) = file.Ahead(at, Size);
                reached = Math.Max(reached, offset + length);
            }
            Assert.True(reached > (block + 1) * 4 * Size, "the reader has caught up");
        }
        Assert.InRange(reached, 100 * 4 * Size + Limit - MiB, 100 * 4 * Size + Limit);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Nothing_is_ever_asked_for_beyond_the_end_or_before_what_was_read(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 200; round++)
        {
            ulong size = (ulong)random.NextInt64(1, 80L << 20);
            OpenedFile file = Open(size);
            for (ulong at = 0; at < size;)
            {
                int count = (int)Math.Min((ulong)random.Next(1, 1 << 20), size - at);
                (ulong offset, ulong length) = file.Ahead(at, count);
                Assert.True(offset + length <= size);
                Assert.True(length == 0 || offset >= at + (ulong)count || offset + length > at);
                at = random.Next(10) == 0 ? (ulong)random.NextInt64((long)size) : at + (ulong)count;
                if (random.Next(200) == 0)
                    break;
            }
        }
    }

    [Fact]
    public void Nothing_is_fetched_ahead_where_that_is_switched_off()
    {
        OpenedFile file = Open(1 << 30, readsAhead: false);
        for (ulong at = 0; at < 10 * MiB; at += Size)
            Assert.Equal((0UL, 0UL), file.Ahead(at, Size));
    }
}
