using Mono.Unix.Native;
using Xget.NineP;
using Xget.Node.Wire;

namespace Xget.Node.Fetching;

/// <summary>
/// Work stealing: a parent whose own stripe has nothing left to give, or is far ahead, is asked for chunks of the stripe
/// that is furthest behind. It has them from its own parents, or says at once that it has not; so a slow worker, or an
/// uplink that got one child too many, delays nobody to the end. A stripe that is held up, since somebody above stands still
/// or has a slow link, goes down the other trees instead, down each its share: that of the master, whose uplink is the dearest,
/// is asked for by those who read another stripe from it, and by nobody else.
/// </summary>
public sealed partial class Transfer
{
    private const int MostSteals = 4;

    /// <summary>The same of a parent that has its own stripe still to give.</summary>
    private const int MostStealsAhead = 2;

    /// <summary>Chunks looked at for one to steal: more than can be under way in a stripe.</summary>
    private const int MostLooked = 256;

    /// <summary>How long a parent that had nothing is left alone, at first; twice as long each time that it has nothing again.</summary>
    private static readonly TimeSpan StealPause = TimeSpan.FromMilliseconds(50);
    private const int MostStealPauses = 16;

    /// <summary>Asks parents of stripes that are done, or ahead, for chunks that others owe. Under the lock.</summary>
    private void Steal(ref List<Fetch>? fetches, int last)
    {
        if (_stripes.Length < 2 || _wantedMissing == 0)
            return;
        Stripe slowest = _stripes[last];
        for (int i = 0; i < _stripes.Length; i++)
        {
            Stripe stripe = _stripes[i];
            bool isHeldUp = IsHeldUp(slowest, stripe);
            while (stripe.Link is { HasFailed: false, IsPausing: false, Client: not null } link &&
                   link.Steals < (isHeldUp ? MostStealsAhead : MostStealsOf(stripe, link, slowest)) &&
                   (isHeldUp ? NextOfHeldUp(link, last, i) : NextStolen(link)) is >= 0 and int chunk)
            {
                link.Steals++;
                Note(ref fetches, new Ask(null, link, chunk, 1));
            }
        }
    }

    private int MostStealsOf(Stripe stripe, ParentLink link, Stripe slowest) =>
        link.IsMaster ? 0 : stripe.Outstanding == 0 && IsIdle(link) ? MostSteals : IsAhead(stripe, slowest) ? MostStealsAhead : 0;

    /// <summary>Whether nothing is left to ask of it in its own stripes.</summary>
    private bool IsIdle(ParentLink link)
    {
        for (int i = 0; i < _stripes.Length; i++)
        {
            if (_stripes[i].Link == link && (_stripes[i].Outstanding > 0 || _stripes[i].First.Count > 0 || _stripes[i].Cursor < _chunks.Length))
                return false;
        }
        return true;
    }

    /// <summary>The next chunk of the stripe, of other parents, that is furthest behind; -1 if there is none.</summary>
    private int NextStolen(ParentLink link)
    {
        int last = -1;
        for (int i = 0; i < _stripes.Length; i++)
        {
            if (_stripes[i].Link != link && FirstMissing(i) < _chunks.Length && (last < 0 || _stripes[i].Behind > _stripes[last].Behind))
                last = i;
        }
        return last < 0 ? -1 : NextStolen(last, _ => true);
    }

    /// <summary>The next chunk, of a stripe that is held up, that goes down another one's tree: there it is the same for all
    /// nodes, so that parents have it, and it leaves the master once.</summary>
    private int NextOfHeldUp(ParentLink link, int heldUp, int other)
    {
        int share = other < heldUp ? other : other - 1;
        return _stripes[heldUp].Link == link ? -1
            : NextStolen(heldUp, chunk => chunk / (Layout.Run * _stripes.Length) % (_stripes.Length - 1) == share);
    }

    /// <summary>A chunk of a stripe that nobody was asked for, else one that somebody owes; -1 if there is none.</summary>
    private int NextStolen(int index, Func<int, bool> isMeant)
    {
        ChunkOrder order = Order(index);
        const ChunkState state = ChunkState.Wanted | ChunkState.Stolen | ChunkState.InFlight;
        int owed = -1;
        int steps = 0;
        for (int i = FirstMissing(index); i < _chunks.Length && steps < MostLooked; i = order.After(i), steps++)
        {
            int c = order.ChunkAt(i);
            if (Store!.Map[c] || !isMeant(c))
                continue;
            if ((_chunks[c] & state) == ChunkState.Wanted)
                return c;
            if (owed < 0 && (_chunks[c] & state) == (ChunkState.Wanted | ChunkState.InFlight))
                owed = c;
        }
        return owed;
    }

    private Task<bool> HasTryFidAsync(ParentLink link)
    {
        lock (_gate)
            return link.TryOpening ??= OpenTryAsync(link);
    }

    private async Task<bool> OpenTryAsync(ParentLink link)
    {
        NinePClient client = link.Client!;
        uint fid = link.TryFid = client.NewFid();
        Task<Reply<Qid[]>> walk;
        Task<Reply<(Qid, uint)>> open;
        using (client.Burst())
        {
            walk = client.WalkAsync(MasterLink.RootFid, fid, Registration.Path(Digest, Names.Data), link.Cancelled).AsTask();
            open = client.OpenAsync(fid, OpenFlags.O_RDONLY | OpenFlags.O_NONBLOCK, link.Cancelled).AsTask();
        }
        Reply<Qid[]> walked = await walk;
        if (!walked.Ok)
            client.FreeFid(fid, walked.Error);
        bool isOpen = (await open).Ok && walked.Ok;
        if (walked.Ok && !isOpen)
            _ = client.ClunkAsync(fid).AsTask();
        return isOpen;
    }

    private async Task StealLaterAsync(ParentLink link)
    {
        TimeSpan pause;
        lock (_gate)
        {
            if (link.IsPausing)
                return;
            link.IsPausing = true;
            pause = StealPause * link.StealPauses;
            link.StealPauses = Math.Min(2 * link.StealPauses, MostStealPauses);
        }
        await Task.Delay(pause, _node.Time);
        lock (_gate)
            link.IsPausing = false;
        Pump();
    }
}
