using Mono.Unix.Native;
using Xget.NineP;
using Xget.Node.Wire;

namespace Xget.Node.Fetching;

/// <summary>
/// Where a node that comes late begins: where its parent is, stripe by stripe, so that neither waits for what the other has
/// passed. A parent that has just come itself says so as soon as it knows. Where the master is read, that has told it.
/// </summary>
public sealed partial class Transfer
{
    /// <summary>Bytes of the content that the others must be ahead.</summary>
    private const int LeastAhead = 1 << 20;

    /// <summary>A parent that does not say for so long is not waited for.</summary>
    private static readonly TimeSpan FrontTime = TimeSpan.FromSeconds(1);

    private TaskCompletionSource? _placed;

    /// <summary>
    /// The offset of the first chunk of a stripe that is wanted and not here, in the order in which they are asked for: the
    /// content's size if there is none, null if all of the content is here or nothing more will come, or it has no such stripe.
    /// </summary>
    /// <returns>Null if it is known; else ends when it may be.</returns>
    internal Task? Front(int stripe, out ulong? offset)
    {
        offset = null;
        lock (_gate)
        {
            if (_failed || Store is { Map.IsComplete: true } || (_stripes.Length > 0 && stripe >= _stripes.Length))
                return null;
            if (_table is null || _stripes.Length == 0 || !_stripes[stripe].IsPlaced)
                return (_placed ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            offset = FirstMissing(stripe) is var place && place < _chunks.Length ? _table.OffsetOf(Order(stripe).ChunkAt(place)) : Size;
            return null;
        }
    }

    /// <summary>Asks that parent, which the stripe has got, where it is.</summary>
    private async Task PlaceAsync(int index, ParentLink link)
    {
        byte[] line = new byte[FrontLine.Length];
        int length = 0;
        try
        {
            await link.Ready.WaitAsync(FrontTime, _node.Time, link.Cancelled);
            if (link.Client is { } client)
            {
                uint fid = client.NewFid();
                Task<Reply<int>> read;
                using (client.Burst())
                {
                    _ = client.WalkAsync(MasterLink.RootFid, fid, Registration.Path(Digest, Names.Front), link.Cancelled).AsTask();
                    _ = client.OpenAsync(fid, OpenFlags.O_RDONLY, link.Cancelled).AsTask();
                    read = client.ReadAsync(fid, (ulong)(index * line.Length), line, FrontTime, link.Cancelled).AsTask();
                    _ = client.ClunkAsync(fid, CancellationToken.None).AsTask();
                }
                length = (await read).Value;
            }
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // It does not say.
        }
        if (link.Cancelled.IsCancellationRequested)
            return; // there will be another parent
        lock (_gate)
            Place(index, FrontLine.TryParse(line.AsSpan(0, length), out ulong front) ? front : Size);
        Pump();
    }

    /// <summary>It is known where a stripe's parent is: if that has everything (the content's size) the stripe begins where the
    /// master was. Under the lock.</summary>
    private void Place(int index, ulong front)
    {
        // A master that was started anew may have other stripes.
        if (index >= _stripes.Length || _stripes[index].IsPlaced)
            return;
        if (front < Size)
            _stripes[index].Front = front;
        _stripes[index].IsPlaced = true;
        if (_table is not null)
            BeginAtFront(index);
        TellPlaced();
    }

    private void TellPlaced()
    {
        _placed?.TrySetResult();
        _placed = null;
    }

    /// <summary>
    /// A stripe begins there if that is far enough ahead. Not in a content that comes after another one: those below came from
    /// there too, some of them earlier. Under the lock.
    /// </summary>
    private void BeginAtFront(int index)
    {
        Stripe stripe = _stripes[index];
        int place = FirstMissing(index);
        if (!_begun || place >= _chunks.Length || stripe.Front >= _table!.Size ||
            stripe.Front < _table.OffsetOf(Order(index).ChunkAt(place)) + LeastAhead)
            return;
        int start = _table.IndexOf(stripe.Front);
        while (start > stripe.Start && Layout.Of(start) != index)
            start--;
        if (start > stripe.Start)
            (stripe.Start, stripe.Cursor, stripe.FirstMissing) = (start, 0, 0);
    }
}
