namespace Xget.NineP;

/// <summary>
/// When many peers come at once, as the nodes of a cluster that is switched on: data wait, after the first piece, until
/// the peers are connected. A state machine, asked before data are sent. Thread-safe.
/// </summary>
/// <remarks>
/// For equal shares of a slow link. The kernel makes a connection's segments the larger the shorter the least round trip
/// it has seen (tcp_tso_autosize: 64 KiB up to 0.5 ms, two packets from 3 ms on), and lets each connection have two of
/// them in the interface's queue (TCP small queues). So one that was made while that queue was full gets a tenth of what
/// the others get, for as long as the kernel remembers the least round trip: five minutes (tcp_min_rtt_wlen). A tree
/// whose stripes come at such different speeds is as slow as its slowest stripe.
/// </remarks>
internal sealed class Gathering(TimeProvider time)
{
    /// <summary>After so long without data the next ones begin a gathering.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(1);

    /// <summary>It ends when nobody has come for so long,</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(40);

    /// <summary>or for so long if many come: processes that begin at once on a shared machine come with gaps,</summary>
    public static readonly TimeSpan CrowdPatience = TimeSpan.FromMilliseconds(80);

    /// <summary>that is, so many at the least,</summary>
    public const int Crowd = 3;

    /// <summary>one in each of these on average; for nodes that start one by one data had better not wait,</summary>
    public static readonly TimeSpan CrowdSpacing = TimeSpan.FromMilliseconds(25);

    /// <summary>or at the latest after this,</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(300);

    /// <summary>or after so many times what the first bytes took,</summary>
    public const int Times = 8;

    /// <summary>or at once if they took less, at 350 Mbit/s: there segments are large anyway, by the connection's rate.</summary>
    public static readonly TimeSpan Fast = TimeSpan.FromMilliseconds(3);

    /// <summary>The first connection gets so many bytes before the wait: more than a shaper lets pass at once.</summary>
    public const int FirstBytes = 128 << 10;

    private readonly Lock _gate = new();
    private readonly long _origin = time.GetTimestamp();
    private readonly HashSet<IConnection> _begun = []; // those that have been sent something
    private TimeSpan _arrived = -Silence;
    private TimeSpan _sent = -Silence;
    private IConnection? _first;
    private int _firstBytes;
    private int _arrivals;
    private TimeSpan _since;
    private TimeSpan? _took;

    private TimeSpan Now => time.GetElapsedTime(_origin);

    /// <summary>A peer has come.</summary>
    public void Arrived()
    {
        lock (_gate)
        {
            _arrived = Now;
            _arrivals++;
        }
    }

    /// <summary>How much of so many bytes the caller may send to that connection at once.</summary>
    public Allowance Ask(IConnection connection, int bytes)
    {
        lock (_gate)
        {
            TimeSpan now = Now;
            if (now - _sent >= Silence)
            {
                Begin(connection, now);
            }

            if (_first == connection && _firstBytes < FirstBytes)
            {
                _firstBytes += bytes;
            }
            else if (_first is not null && GoesOn(now))
            {
                return _took is not null && _begun.Add(connection) ? Allowance.Little : Allowance.None;
            }

            _sent = now;
            return Allowance.All;
        }
    }

    private void Begin(IConnection first, TimeSpan now)
    {
        (_first, _firstBytes, _arrivals, _since, _took) = (first, 0, 0, now, null);
        _begun.Clear();
        _begun.Add(first);
    }

    private bool GoesOn(TimeSpan now)
    {
        TimeSpan length = now - _since;
        if (_took is null && _first!.Unacknowledged == 0)
        {
            _took = length;
        }

        TimeSpan patience = _arrivals >= Crowd && _arrived - _since < _arrivals * CrowdSpacing ? CrowdPatience : Patience;
        if (now - _arrived < patience && length < Longest && !(_took < Fast || length >= _took * Times))
        {
            return true;
        }

        _first = null;
        _begun.Clear();
        return false;
    }
}
