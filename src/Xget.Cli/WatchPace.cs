namespace Xget.Cli;

/// <summary>Decides when a watched tree is published: by time stamps only. Not thread-safe.</summary>
internal sealed class WatchPace
{
    /// <summary>For this long nothing has changed when a tree is taken to be at rest.</summary>
    internal static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(200);

    /// <summary>A tree that is never at rest is published this long after the first change all the same.</summary>
    internal static readonly TimeSpan MostDelay = TimeSpan.FromSeconds(5);

    /// <summary>The pause after a publishing, in times of what it took.</summary>
    internal const int PauseFactor = 2;

    private TimeSpan? _first;
    private TimeSpan _last;
    private TimeSpan _began;
    private TimeSpan _notBefore = TimeSpan.MinValue;

    /// <summary>When the next publishing is due; null while nothing has changed. A later change may put it off.</summary>
    internal TimeSpan? Due
    {
        get
        {
            if (_first is not { } first)
                return null;
            TimeSpan rested = _last + Quiet, latest = first + MostDelay;
            TimeSpan due = rested < latest ? rested : latest;
            return due < _notBefore ? _notBefore : due;
        }
    }

    /// <summary>Something has changed. True if nothing had before.</summary>
    internal bool Changed(TimeSpan now)
    {
        _last = now;
        if (_first is not null)
            return false;
        _first = now;
        return true;
    }

    /// <summary>A publishing begins: what changes from now on is for the next one.</summary>
    internal void Began(TimeSpan now) => (_first, _began) = (null, now);

    /// <summary>It has ended.</summary>
    internal void Ended(TimeSpan now) => _notBefore = now + PauseFactor * (now - _began);
}
