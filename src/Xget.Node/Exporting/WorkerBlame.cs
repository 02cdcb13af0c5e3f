namespace Xget.Node.Exporting;

/// <summary>
/// What is held against one worker, an address and a port, over all contents: pure, told of reports and the time. Belongs to
/// <see cref="Cluster"/>.
/// </summary>
internal sealed class WorkerBlame
{
    /// <summary>Two addresses that report within this time are believed.</summary>
    private static readonly TimeSpan Together = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    /// <summary>A worker that is not reported for this long is as good as any other.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(10);

    private TimeSpan _reported;
    private TimeSpan _last;
    private int _times;

    /// <summary>Who reported it last, alone; null if nobody did.</summary>
    internal PeerAddress? Reporter { get; private set; }

    /// <summary>When the pause that was given last is over.</summary>
    internal TimeSpan Until { get; private set; }

    /// <summary>Takes a report: the other address if two different ones have reported within a minute, else null.</summary>
    internal PeerAddress? Report(PeerAddress by, TimeSpan now)
    {
        if (IsForgotten(now))
            _times = 0;
        _last = now;
        PeerAddress? other = Reporter is { } earlier && earlier != by && now - _reported <= Together ? earlier : null;
        (Reporter, _reported) = other is null ? (by, now) : (null, now);
        return other;
    }

    /// <summary>The word of that address counts no more.</summary>
    internal void Retract(PeerAddress by)
    {
        if (Reporter == by)
            Reporter = null;
    }

    /// <summary>How long the worker is left alone now: 10 s, then twice as long each time, 5 minutes at the most.</summary>
    internal TimeSpan NextPause(TimeSpan now)
    {
        TimeSpan pause = FirstPause * Math.Pow(2, Math.Min(_times++, 10));
        pause = pause < LongestPause ? pause : LongestPause;
        Until = now + pause;
        return pause;
    }

    internal bool IsForgotten(TimeSpan now) => now - _last > Memory;
}
