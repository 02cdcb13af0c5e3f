namespace Xget.Fuse;

/// <summary>Timeouts as the wire has them: seconds and nanoseconds, never negative.</summary>
internal static class WireTime
{
    public static ulong Seconds(TimeSpan valid) =>
        valid <= TimeSpan.Zero ? 0 : (ulong)(valid.Ticks / TimeSpan.TicksPerSecond);

    public static uint Nanoseconds(TimeSpan valid) =>
        valid <= TimeSpan.Zero ? 0 : (uint)(valid.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick);
}
