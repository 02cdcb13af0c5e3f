using FsCheck;
using FsCheck.Fluent;
using Xget.Node.Fetching;
using Xget.Node.Wire;

namespace Xget.Node.Tests.Fetching;

/// <summary>The order of a stripe's chunks: from one of them to the end, then from the first one.</summary>
public sealed class ChunkOrderTests
{
    private static List<int> Walk(ChunkOrder order, int count)
    {
        var walked = new List<int>();
        for (int place = 0; place < count; place = order.After(place))
            walked.Add(order.ChunkAt(place));
        return walked;
    }

    [Fact]
    public void A_stripe_is_walked_from_its_start_to_the_end_and_then_from_its_first_chunk()
    {
        var layout = new ChunkStripes(3, 18 * (64 << 10), 64 << 10); // runs of two
        Assert.Equal([2, 3, 8, 9, 14, 15], Walk(new ChunkOrder(layout, 18, stripe: 1, start: 2), 18));
        Assert.Equal([9, 14, 15, 2, 3, 8], Walk(new ChunkOrder(layout, 18, stripe: 1, start: 9), 18));
        Assert.Equal([15, 2, 3, 8, 9, 14], Walk(new ChunkOrder(layout, 18, stripe: 1, start: 15), 18));
    }

    [Fact]
    public void From_any_start_each_chunk_of_the_stripe_comes_once_and_has_its_place() =>
        Prop.ForAll<byte, byte, ushort>((stripesSeed, sizeSeed, startSeed) =>
        {
            int stripes = 1 + stripesSeed % 8;
            int count = 8 * 4 + sizeSeed;
            int chunkSize = (32 << 10) << (sizeSeed % 4);
            var layout = new ChunkStripes(stripes, (ulong)count * (ulong)chunkSize, chunkSize);
            for (int stripe = 0; stripe < stripes; stripe++)
            {
                int[] chunks = [.. Enumerable.Range(0, count).Where(c => layout.Of(c) == stripe)];
                int first = startSeed % chunks.Length;
                var order = new ChunkOrder(layout, count, stripe, chunks[first]);
                List<int> walked = Walk(order, count);
                if (!walked.SequenceEqual([.. chunks[first..], .. chunks[..first]]) ||
                    walked.Exists(c => order.ChunkAt(order.PlaceOf(c)) != c) ||
                    !walked.Select(order.PlaceOf).SequenceEqual(walked.Select(order.PlaceOf).Order()))
                    return false;
            }
            return true;
        }).QuickCheckThrowOnFailure();
}
