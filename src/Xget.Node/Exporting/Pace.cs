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

    private long _time;
    private ulong _have;
    private int _slow;

    /// <summary>Takes a report; true when the node was far slower than usual time and again.</summary>
    internal bool IsSlow(ContentRoutes routes, TimeProvider time, ulong have, ulong missing)
    {
        if (missing < Much)
        {
            _time = 0;
            return false;
        }
        long now = time.GetTimestamp();
        (long before, ulong had) = (_time, _have);
        double seconds = time.GetElapsedTime(before, now).TotalSeconds;
        if (before != 0 && seconds < LeastSeconds)
            return false;
        (_time, _have) = (now, have);
        if (before == 0 || have < had)
            return false;
        double rate = (have - had) / seconds;
        int others = Math.Min(routes.Sessions.Count, 16);
        routes.UsualRate = routes.UsualRate == 0 ? rate : routes.UsualRate + (rate - routes.UsualRate) / others;
        _slow = others > 2 && rate * Slowness < routes.UsualRate ? _slow + 1 : 0;
        return _slow >= Patience;
    }
}
