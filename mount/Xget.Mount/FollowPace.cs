namespace Xget.Mount;

/// <summary>How long a mount waits after it has followed one generation, or failed to, before it looks for the next.</summary>
internal static class FollowPace
{
    /// <summary>From the beginning of one following to the next, whatever the master says.</summary>
    internal static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause, after several failures in a row.</summary>
    internal static readonly TimeSpan Most = TimeSpan.FromSeconds(10);

    private const int MostDoublings = 10;

    /// <summary>The pause now.</summary>
    /// <param name="failures">Failures since the last success: each doubles the pause.</param>
    /// <param name="sinceBegun">What has passed since the last following was begun.</param>
    internal static TimeSpan Pause(int failures, TimeSpan sinceBegun)
    {
        TimeSpan whole = Least * Math.Pow(2, Math.Clamp(failures - 1, 0, MostDoublings));
        TimeSpan left = (whole < Most ? whole : Most) - sinceBegun;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
