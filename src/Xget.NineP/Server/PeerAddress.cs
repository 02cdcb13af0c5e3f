using System.Net;

namespace Xget.NineP;

/// <summary>What the connections of one address hold and have used. Thread-safe but for what says otherwise.</summary>
internal sealed class PeerAddress(IPAddress address, ServerTotals totals, long frequency)
{
    // Of a processor's time; the rest of the work is done behind that of others.
    private const int SharePart = 2;
    private const int BurstsASecond = 200;

    private readonly Lock _gate = new();
    private WorkShare _work = new(SharePart, frequency / BurstsASecond);

    public IPAddress Address => address;

    /// <summary>Its connections; the <see cref="PeerTable"/> guards it.</summary>
    public HashSet<Session> Sessions { get; } = [];

    /// <summary>Those of them that have sent no Tversion; the <see cref="PeerTable"/> guards it.</summary>
    public int Unversioned { get; set; }

    /// <summary>Whether it is kept only so that it is known when it comes back; the <see cref="PeerTable"/> guards it.</summary>
    public bool IsRemembered { get; set; }

    /// <summary>Its connections that wait for a turn; the <see cref="TurnQueue"/> guards it.</summary>
    public Queue<Action> Turns { get; } = new(0);

    /// <summary>Bytes that its fids hold.</summary>
    public Quota Held { get; } = totals.HeldOf();

    /// <summary>Reads and writes that wait.</summary>
    public Quota Waiting { get; } = totals.WaitingOf();

    /// <summary>Bytes of buffers for unfinished messages and waiting writes.</summary>
    public Quota Frames { get; } = totals.FramesOf();

    /// <summary>Bytes of replies that are not taken.</summary>
    public Quota Replies { get; } = totals.RepliesOf();

    /// <summary>What may be told of it.</summary>
    public ComplaintShare Complaints { get; } = totals.ComplaintsOf();

    /// <summary>Counts processor time; true if the address has had more than its share lately.</summary>
    public bool Spend(long ticks, long now)
    {
        lock (_gate)
        {
            _work.Spend(ticks, now);
            return _work.IsExceeded(now);
        }
    }
}
