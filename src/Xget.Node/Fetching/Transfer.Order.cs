namespace Xget.Node.Fetching;

/// <summary>
/// In which order chunks are asked for. Who comes late begins where the others are and reads what lies before afterwards: so all
/// that stand below one another want the same chunks at the same time, and one that comes down serves them all. And stripes
/// keep in step: what one has more than the others is of no use yet, and where uplinks are shared, the master's first of all,
/// it is the others that go without.
/// </summary>
public sealed partial class Transfer
{
    /// <summary>Chunks that a stripe may be ahead of another before it asks for half as much.</summary>
    private const int MostAhead = 8;

    /// <summary>Chunks that a stripe may be ahead before it asks for none at all; so many times its span.</summary>
    private const int MostFarAhead = 16;

    private ChunkOrder Order(int stripe) => new(Layout, _chunks.Length, stripe, _stripes[stripe].Start);

    /// <summary>There are new stripes, or the chunks of those that there are. Under the lock.</summary>
    private void LayStripes()
    {
        TellPlaced();
        if (_table is null || _stripes.Length == 0)
            return;
        for (int i = 0; i < _stripes.Length; i++)
        {
            (_stripes[i].Start, _stripes[i].Missing) = (Layout.First(i), 0);
            if (Layout.First(i) >= _chunks.Length)
                _stripes[i].Start = _stripes[i].Cursor = _stripes[i].FirstMissing = _chunks.Length; // it has none
            else if (_stripes[i].IsPlaced)
                BeginAtFront(i);
        }
        for (int i = 0; i < _chunks.Length; i++)
        {
            if ((_chunks[i] & ChunkState.Missing) != 0)
                _stripes[Layout.Of(i)].Missing++;
        }
    }

    /// <summary>The place of the stripe's first chunk that is wanted and not here; the end if there is none. Under the lock.</summary>
    private int FirstMissing(int index)
    {
        ChunkOrder order = Order(index);
        int place = _stripes[index].FirstMissing;
        while (place < _chunks.Length && order.ChunkAt(place) is var chunk && (Store!.Map[chunk] || (_chunks[chunk] & ChunkState.Wanted) == 0))
            place = order.After(place);
        return _stripes[index].FirstMissing = place;
    }

    /// <summary>The number of the stripe that is furthest behind, of one at least.</summary>
    private int Slowest()
    {
        int last = 0;
        for (int i = 1; i < _stripes.Length; i++)
        {
            if (_stripes[i].Behind > _stripes[last].Behind)
                last = i;
        }
        return last;
    }

    /// <summary>It shall ask for less. Where chunks come fast that costs more than it brings.</summary>
    private static bool IsAhead(Stripe stripe, Stripe slowest) =>
        (stripe.Span == 1 && slowest.Behind - stripe.Behind > MostAhead) || (slowest.HasCome && IsFarAhead(stripe, slowest));

    /// <summary>It asks only for what somebody waits for. Not where that does not help the other one: what it does now need not
    /// be done then.</summary>
    private static bool Waits(Stripe stripe, Stripe slowest) =>
        slowest.HasCome && IsFarAhead(stripe, slowest) && !IsHeldUp(slowest, stripe);

    /// <summary>Somebody above stands still, or has a slow link.</summary>
    private static bool IsHeldUp(Stripe slowest, Stripe other) =>
        (slowest.IsStuck && (slowest.HasCome || other.HasCome)) || (IsFarAhead(other, slowest) && slowest.IsFarSlowerThan(other));

    private static bool IsFarAhead(Stripe stripe, Stripe slowest) =>
        slowest.Behind - stripe.Behind > MostFarAhead * slowest.Span;

    /// <summary>The stripe's next chunk to ask for; -1 if there is none. Under the lock.</summary>
    private int Next(Stripe stripe, int index, bool waits)
    {
        while (stripe.First.TryDequeue(out int chunk))
        {
            if (!Store!.Map[chunk] && (_chunks[chunk] & (ChunkState.InFlight | ChunkState.Stolen)) == 0)
                return chunk;
        }
        if (!_begun || waits || !stripe.IsPlaced)
            return -1;
        ChunkOrder order = Order(index);
        for (int i = stripe.Cursor; i < _chunks.Length; i = order.After(i))
        {
            if (IsDue(order.ChunkAt(i)))
            {
                stripe.Cursor = order.After(i);
                return order.ChunkAt(i);
            }
        }
        stripe.Cursor = _chunks.Length;
        return -1;
    }

    /// <summary>How many chunks from that one on can be asked for with one message, at most.</summary>
    private int InARow(int first, int most)
    {
        int end = first + 1;
        most = Math.Min(Math.Min(first + most, Layout.EndOfRun(first)), _chunks.Length);
        while (end < most && IsDue(end))
            end++;
        return end - first;
    }

    private bool IsDue(int chunk) =>
        (_chunks[chunk] & (ChunkState.Wanted | ChunkState.InFlight | ChunkState.Stolen)) == ChunkState.Wanted && !Store!.Map[chunk];
}
