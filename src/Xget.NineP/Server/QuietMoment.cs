namespace Xget.NineP;

/// <summary>
/// A connection that is made while the link is full gets a moment, before its first data, in which nothing else is sent, so
/// that the kernel measures its real round trip: else it would get a tenth of what the others get for as long as it lasts
/// (<see cref="Gathering"/> has the reasons). A state machine, asked before data are sent. Thread-safe.
/// </summary>
internal sealed class QuietMoment(TimeProvider time)
{
    /// <summary>From this least round trip on the kernel makes segments of a few packets only,</summary>
    public static readonly TimeSpan Long = TimeSpan.FromMilliseconds(1);

    /// <summary>which matters beside a connection whose least round trip is so many times shorter.</summary>
    public const int Times = 4;

    /// <summary>What is shorter makes nobody a newcomer.</summary>
    public const int Least = 32 << 10;

    /// <summary>Not for one that comes sooner after another: when many come the link would rest too often.</summary>
    public static readonly TimeSpan Distance = TimeSpan.FromMilliseconds(300);

    /// <summary>Peers that acknowledge nothing for so long are not waited for: 64 KiB take that at 10 Mbit/s.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(60);

    /// <summary>When all is acknowledged a shaper saves up, for so long, what the first packets need.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(3);

    /// <summary>It ends at the latest after this.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(300);

    private readonly Lock _gate = new();
    private readonly long _origin = time.GetTimestamp();
    private readonly HashSet<IConnection> _begun = []; // those that have asked
    private TimeSpan _came = -Distance;
    private IConnection? _newcomer;
    private TimeSpan _since;
    private long _left; // what the peers have not acknowledged,
    private TimeSpan _fell; // and when that became less
    private bool _isMeasured; // the newcomer has got its first packets

    private TimeSpan Now => time.GetElapsedTime(_origin);

    /// <summary>How much of so many bytes the caller may send to that connection at once.</summary>
    public Allowance Ask(IConnection connection, int bytes)
    {
        lock (_gate)
        {
            TimeSpan now = Now;
            if (_newcomer is null && (bytes < Least || !ComesAlone(connection, now) || !IsWorse(connection)))
            {
                return Allowance.All;
            }

            if (_newcomer is null)
            {
                (_newcomer, _since, _left, _fell, _isMeasured) = (connection, now, long.MaxValue, now, false);
            }

            if (now - _since >= Longest || (_isMeasured && IsOver(connection, now)))
            {
                _newcomer = null;
                return Allowance.All;
            }

            if (_isMeasured || !IsQuiet(now) || connection != _newcomer)
            {
                return Allowance.None;
            }

            (_isMeasured, _fell) = (true, now);
            return Allowance.Little;
        }
    }

    /// <summary>A connection has ended: it asks no more.</summary>
    public void Left(IConnection connection)
    {
        lock (_gate)
        {
            _begun.Remove(connection);
            _newcomer = _newcomer == connection ? null : _newcomer;
        }
    }

    /// <summary>It asks for the first time, and no other has done so lately.</summary>
    private bool ComesAlone(IConnection connection, TimeSpan now)
    {
        if (!_begun.Add(connection))
        {
            return false;
        }

        bool isAlone = now - _came >= Distance;
        _came = now;
        return isAlone;
    }

    private bool IsWorse(IConnection connection)
    {
        TimeSpan least = connection.LeastRoundTrip;
        return least >= Long &&
            _begun.Any(other => other != connection && other.Unacknowledged > 0 && other.LeastRoundTrip * Times < least);
    }

    /// <summary>Whether the link has nothing to send, and has had a rest.</summary>
    private bool IsQuiet(TimeSpan now)
    {
        long left = 0;
        foreach (IConnection each in _begun)
        {
            left += each.Unacknowledged;
        }

        if (left < _left)
        {
            (_left, _fell) = (left, now);
        }

        return now - _fell >= (left == 0 ? Rest : Patience);
    }

    private bool IsOver(IConnection connection, TimeSpan now) =>
        now - _fell >= Patience || (connection == _newcomer && connection.Unacknowledged == 0);
}
