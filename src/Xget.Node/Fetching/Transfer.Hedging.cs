using Xget.Node.Wire;

namespace Xget.Node.Fetching;

/// <summary>
/// Hedging: where nothing comes from any parent the master is asked as well, a chunk or two at a time, so that a parent that
/// stands still, is cut off or holds its bytes back delays a reader by a moment. A parent that is overtaken like that is
/// avoided by all contents of this node (<see cref="FailedParents"/>).
/// </summary>
public sealed partial class Transfer
{
    /// <summary>Chunks asked of the master as well at a time: all nodes below a bad one may do so at once.</summary>
    private const int MaxHedged = 2;

    /// <summary>What is waited for longer is told in the log.</summary>
    private static readonly TimeSpan LongWait = TimeSpan.FromSeconds(30);

    private ParentLink? _hedge;
    private long _lastCame;
    private bool _isTold;

    private bool IsWanting => _waiters.Count > 0 || (_begun && _wantedMissing > 0);

    /// <summary>Whether all parents that were asked have brought nothing for a while, a worker among them. Under the lock.</summary>
    private bool NothingComes()
    {
        if (_table is not { } table || _failed || !IsWanting)
            return false;
        TimeSpan most = ParentPatience.Hedge(_stripes.Length, table.ChunkSize);
        bool isLate = false;
        foreach (ParentLink link in _open)
        {
            if (link == _hedge || link.IsRetired || link.HasFailed)
                continue;
            TimeSpan waited = link.Waited;
            if (waited < most && (link.Client is null || link.Outstanding > 0))
                return false;
            isLate |= waited >= most && !link.IsMaster;
        }
        return isLate;
    }

    /// <summary>Opens the master beside the parents where that is needed.</summary>
    private void OpenHedge()
    {
        ParentLink? opened = null;
        lock (_gate)
        {
            if (_hedge is null && _registration is { Attachment: { IsLost: false } attachment } && NothingComes())
            {
                _hedge = opened = new ParentLink(attachment.Master, true, _node.Time);
                _open.Add(opened);
            }
        }
        if (opened is not null)
            _ = OpenAsync(opened);
    }

    /// <summary>Asks the master for what is waited for most. Under the lock.</summary>
    private void Hedge(ref List<Fetch>? fetches)
    {
        while (_hedge is { HasFailed: false, Client: not null } master && master.Outstanding < MaxHedged && NothingComes() &&
               NextHedged() is >= 0 and int chunk)
            Note(ref fetches, new Ask(null, master, chunk, 1));
    }

    private int NextHedged()
    {
        foreach (int chunk in _waiters.Keys)
        {
            if (!Store!.Map[chunk] && (_chunks[chunk] & ChunkState.Stolen) == 0)
                return chunk;
        }
        for (int i = 0; _begun && i < _stripes.Length; i++)
        {
            if (NextStolen(i, _ => true) is >= 0 and int chunk)
                return chunk;
        }
        return -1;
    }

    /// <summary>
    /// A chunk came that another parent was to bring: the time of that one runs out sooner. It is returned if it is given up at
    /// once: where it stands right below the master, which has given what it should have had, it has no excuse. Under the lock.
    /// </summary>
    private ParentLink? Overtake(ParentLink by, int chunk)
    {
        if (_stripes[Layout.Of(chunk)].Link is not { IsMaster: false } slow || slow == by)
            return null;
        slow.Overtaken();
        if (by != _hedge)
            return null;
        _node.Failed.Failed(slow.EndPoint, holdsBack: true);
        return slow is { Level: <= 2, HasGiven: false } ? slow : null;
    }

    /// <summary>Says what is waited for if that takes very long, once until something comes.</summary>
    private void TellLongWait()
    {
        string parents;
        lock (_gate)
        {
            if (_isTold || _failed || !IsWanting || _node.Time.GetElapsedTime(_lastCame) < LongWait)
                return;
            _isTold = true;
            parents = string.Join(", ", _open.ConvertAll(l => l.IsMaster ? "the master" : HostPort.Format(l.EndPoint)));
        }
        _node.Log.Warning("{Name}: nothing has come for {Seconds} s; asked: {Parents:l}", Name, (int)LongWait.TotalSeconds,
            parents.Length > 0 ? parents : "nobody: the master has given no route");
    }
}
