namespace Xget.Node.Fetching;

/// <summary>
/// How long a parent may bring nothing of what it was asked for. Pure: times in, decision out.
/// </summary>
internal static class ParentPatience
{
    /// <summary>Whoever is alive answers a probe sooner, however busy it is.</summary>
    private static readonly TimeSpan MaxSilence = TimeSpan.FromSeconds(3);

    /// <summary>Nothing has come for this time from any parent: the master is asked as well. Longer for a content in
    /// stripes, whose first chunk passes more levels.</summary>
    private static readonly TimeSpan HedgeTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StripedHedgeTime = TimeSpan.FromSeconds(2);

    /// <summary>The part of the stall time that a parent at level 1 is given, and each level above it adds.</summary>
    private const double FirstLevelPart = 0.3;
    private const double LevelPart = 0.15;

    private const int SlowLinkBytesPerSecond = 512 << 10;

    /// <summary>Stall times that a parent is given where nothing shows that others could have brought it sooner.</summary>
    private const int MaxStalls = 5;

    /// <summary>When a parent that has not answered a probe for half of it counts as silent.</summary>
    internal static TimeSpan Silence(TimeSpan stall) => stall < MaxSilence ? stall : MaxSilence;

    /// <summary>When the master is asked as well.</summary>
    internal static TimeSpan Hedge(int stripes, int chunkSize) => (stripes > 1 ? StripedHedgeTime : HedgeTime) + TimeOf(chunkSize);

    /// <summary>How long one chunk may take on a slow link that many share.</summary>
    private static TimeSpan TimeOf(int chunkSize) => TimeSpan.FromSeconds((double)chunkSize / SlowLinkBytesPerSecond);

    /// <summary>
    /// Whether a parent that answers probes, but has brought nothing for that long, is given up. Where another has brought
    /// what it was asked for meanwhile the time is short, and longer the deeper it stands, so that those right below a bad
    /// node find out before those below them blame each other. Else it waits for the same as everybody, and is given long.
    /// </summary>
    /// <param name="waited">How long it has brought nothing though it was asked.</param>
    /// <param name="overtaken">Another parent has brought a chunk that this one was asked for and held back.</param>
    /// <param name="level">Its child's level, from 1.</param>
    /// <param name="chunkSize">Bytes of a chunk: nothing shorter counts as brought.</param>
    /// <param name="stall">The stall time.</param>
    internal static bool IsOver(TimeSpan waited, bool overtaken, int level, int chunkSize, TimeSpan stall) =>
        waited > stall * MaxStalls || (overtaken && waited >= TimeOf(chunkSize) + stall *
            Math.Min(FirstLevelPart + LevelPart * Math.Max(0, level - 2), MaxStalls));
}
