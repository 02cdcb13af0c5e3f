using System.Globalization;
using Mono.Unix.Native;
using Xget.Content.Store;

namespace Xget.Content.Tests.Store;

/// <summary>However many contents are read, few descriptors are open, and no reader notices.</summary>
public sealed class PlacedDescriptorTests : IDisposable
{
    private const int Contents = 500, MostOpen = 128, Threads = 8;

    private readonly Scratch _scratch = new();

    [Fact]
    public void Five_hundred_contents_read_in_turn_take_128_descriptors()
    {
        List<(Sample Sample, PlacedContent Content)> all = Place(Contents);
        Assert.Equal(0, Placed.Descriptors(_scratch));
        for (int round = 0; round < 2; round++)
        {
            foreach ((Sample sample, PlacedContent content) in all)
                Assert.Equal(sample.Bytes, Sample.ReadAll(content));
            Assert.Equal(MostOpen, Placed.Descriptors(_scratch));
        }
        // Those used last are the ones that are kept.
        foreach ((_, PlacedContent content) in all[..^MostOpen])
            content.Dispose();
        Assert.Equal(MostOpen, Placed.Descriptors(_scratch));
        foreach ((_, PlacedContent content) in all)
            content.Dispose();
        Assert.Equal(0, Placed.Descriptors(_scratch));
    }

    [Fact]
    public void What_is_being_read_stays_open_and_what_was_read_goes()
    {
        List<(Sample Sample, PlacedContent Content)> all = Place(Contents);
        List<ContentRange> held = [];
        foreach ((_, PlacedContent content) in all)
            held.Add(content.Read(0, int.MaxValue));
        Assert.Equal(Contents, Placed.Descriptors(_scratch));
        for (int i = 0; i < Contents; i++)
        {
            byte[] bytes = new byte[held[i].Count];
            Assert.Equal((Errno)0, held[i].CopyTo(bytes));
            Assert.Equal(all[i].Sample.Bytes, bytes);
            held[i].Dispose();
        }
        Assert.Equal(MostOpen, Placed.Descriptors(_scratch));
        foreach ((_, PlacedContent content) in all)
            content.Dispose();
    }

    [Fact]
    public void Threads_that_read_at_random_get_the_right_bytes_while_descriptors_come_and_go()
    {
        List<(Sample Sample, PlacedContent Content)> all = Place(300);
        Sample pack = Sample.Random(400_000, seed: 1000, chunkSize: 65536);
        all.Add((pack, _scratch.Reopen(pack, Placed.Members(_scratch, pack, Placed.Cut(400_000, 1500)))));
        Parallel.For(0, 4000, new ParallelOptions { MaxDegreeOfParallelism = Threads }, i =>
        {
            Random random = new(i);
            (Sample sample, PlacedContent content) = all[random.Next(4) == 0 ? 300 : random.Next(300)];
            int offset = random.Next(sample.Bytes.Length);
            int count = Math.Min(random.Next(1, 70_000), sample.Bytes.Length - offset);
            byte[] bytes = new byte[count];
            Assert.Equal((Errno)0, content.ReadInto((ulong)offset, bytes));
            Assert.True(sample.Bytes.AsSpan(offset, count).SequenceEqual(bytes));
            if (i % 100 == 0) // one for each thread beside those that are kept, and one that it is about to close
                Assert.InRange(Placed.Descriptors(_scratch), 0, MostOpen + 2 * Threads);
        });
        foreach ((_, PlacedContent content) in all)
            content.Dispose();
        Assert.Equal(0, Placed.Descriptors(_scratch));
    }

    [Fact]
    public async Task Readers_of_the_partial_content_and_of_the_placed_one_do_not_disturb_each_other()
    {
        Sample sample = Sample.Random(50 * Sample.ChunkSize);
        PackMember member = new(Scratch.At("file"), sample.Whole, Scratch.File());
        FileContent partial = await sample.StoreIn(_scratch.Destination);
        Assert.Equal((Errno)0, _scratch.Destination.PlaceFile(partial, member.Path, member.Attributes));
        using PlacedContent placed = _scratch.Reopen(sample, member);
        using Barrier start = new(Threads + 1);
        Task[] readers = [.. Enumerable.Range(0, Threads).Select(seed => Task.Factory.StartNew(() =>
        {
            Random random = new(seed);
            start.SignalAndWait();
            for (int i = 0; i < 500; i++)
            {
                int chunk = random.Next(sample.Table.Count);
                StoredContent content = seed % 2 == 0 ? partial : placed;
                using ContentRange range = content.Read(sample.Table.OffsetOf(chunk), sample.Table.LengthOf(chunk));
                if (range.Error == Errno.EBADF && content == partial)
                    break;
                byte[] bytes = new byte[sample.Table.LengthOf(chunk)];
                Assert.Equal((Errno)0, range.CopyTo(bytes));
                Assert.Equal(sample.Chunk(chunk), bytes);
            }
        }, default, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        start.SignalAndWait();
        partial.Dispose();
        await Task.WhenAll(readers);
        Assert.Equal(sample.Bytes, Sample.ReadAll(placed));
        Assert.Equal(1, Placed.Descriptors(_scratch));
    }

    [Fact]
    public async Task A_content_that_is_disposed_while_it_is_read_gives_right_bytes_or_EBADF()
    {
        for (int round = 0; round < 50; round++)
        {
            Sample pack = Sample.Random(10_000, seed: round);
            PlacedContent content = _scratch.Reopen(pack, Placed.Members(_scratch, pack, Placed.Cut(10_000, 400)));
            using Barrier start = new(3);
            Task[] readers = [.. Enumerable.Range(0, 2).Select(_ => Task.Factory.StartNew(() =>
            {
                start.SignalAndWait();
                while (true)
                {
                    using ContentRange range = content.Read(100, 9000);
                    if (range.IsError)
                    {
                        Assert.Equal(Errno.EBADF, range.Error);
                        break;
                    }
                    Assert.True(range.Bytes.Span.SequenceEqual(pack.Bytes.AsSpan(100, 9000)));
                }
            }, default, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
            start.SignalAndWait();
            content.Dispose();
            await Task.WhenAll(readers);
        }
        Assert.InRange(Placed.Descriptors(_scratch), 0, MostOpen);
    }

    public void Dispose() => _scratch.Dispose();

    private List<(Sample Sample, PlacedContent Content)> Place(int count)
    {
        List<(Sample, PlacedContent)> all = [];
        for (int i = 0; i < count; i++)
        {
            Sample sample = Sample.Random(1000 + i, seed: i);
            PackMember file = new(Scratch.At("f" + i.ToString(CultureInfo.InvariantCulture)), sample.Whole, Scratch.File());
            Assert.Equal((Errno)0, _scratch.Destination.PlaceBytes(sample.Bytes, file.Path, file.Attributes));
            all.Add((sample, _scratch.Reopen(sample, file)));
        }
        return all;
    }
}
