namespace Xget.Node.Exporting;

/// <summary>
/// How fast a node gets a content while it waits for much of it, beside the others. A node on a link far slower than
/// theirs must not be inner: all below it would wait. Belongs to <see cref="Cluster"/>.
/// </summary>
internal sealed class Pace
{
    /// <summary>Who waits for less may just not want more.</summary>
    private const ulong Much = 1 << 20;

    private const double LeastSeconds = 0.5;
    private const int Slowness = 3;
    private const int Patience = 2;

    /// <summary>Reports come about once a second.</summary>
    private static readonly TimeSpan MostSilence = TimeSpan.FromSeconds(1.5);

    private long _heard;
    private long _time;
    private ulong _have;
    private int _slow;

    /// <summary>It does not report any more: it stands still, and holds up all below it.</summary>
    internal bool IsSilent(TimeProvider time) => time.GetElapsedTime(_heard) > MostSilence;

    /// <summary>It was not its own fault: it has all patience again.</summary>
    internal void Excuse() => _slow = 0;

    /// <summary>
    /// Takes a report; true when the node was far slower than usual time and again. What cannot be, more than the content has,
    /// says nothing of its pace.
    /// </summary>
    internal bool IsSlow(ContentRoutes routes, PeerAddress voice, TimeProvider time, ulong have, ulong missing)
    {
        long now = _heard = time.GetTimestamp();
        if (missing < Much || have > routes.Size || missing > routes.Size - have)
        {
            _time = 0;
            return false;
        }
        (long before, ulong had) = (_time, _have);
        double seconds = time.GetElapsedTime(before, now).TotalSeconds;
        if (before != 0 && seconds < LeastSeconds)
            return false;
        (_time, _have) = (now, have);
        if (before == 0 || have < had)
            return false;
        double rate = (have - had) / seconds;
        routes.UsualRate.Add(voice, rate, time);
        _slow = routes.Sessions.Count > 2 && rate * Slowness < routes.UsualRate.Value ? _slow + 1 : 0;
        return _slow >= Patience;
    }
}
