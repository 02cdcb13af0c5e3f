namespace Xget.Content;

/// <summary>
/// Tells whether a file's time stamps are old enough for a later change to show in them, as git does for its index.
/// </summary>
internal static class RacyTimes
{
    // Stamps advance with the kernel's tick, 10 ms at most; the rest is room for the clock.
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    // FAT has stamps of 2 s, ext3 and many network file systems of 1 s.
    private static readonly TimeSpan Coarse = TimeSpan.FromSeconds(2) + Tick;

    /// <summary>
    /// True if whatever changes the file at or after <paramref name="hashed"/> gives it other time stamps. A modification
    /// time in the future was set by somebody, and a change would set it back.
    /// </summary>
    public static bool AreSettled(in FileIdentity identity, DateTimeOffset hashed)
    {
        var age = identity.HasFineTimes ? Tick : Coarse;
        var from = Stamp(hashed - age);
        return identity.Ctime < from && (identity.Mtime < from || Stamp(hashed + age) < identity.Mtime);
    }

    private static Timestamp Stamp(DateTimeOffset time)
    {
        var ticks = Math.Max(0, (time - DateTimeOffset.UnixEpoch).Ticks);
        var (seconds, rest) = Math.DivRem(ticks, TimeSpan.TicksPerSecond);
        return new Timestamp(seconds, (uint)(rest * TimeSpan.NanosecondsPerTick));
    }
}
