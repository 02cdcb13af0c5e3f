namespace Xget.Content;

/// <summary>A file's time as Linux keeps it.</summary>
/// <param name="Seconds">Seconds since 1970-01-01 00:00 UTC, which may be negative.</param>
/// <param name="Nanoseconds">Nanoseconds added to the seconds: 0 to 999,999,999.</param>
public readonly record struct Timestamp(long Seconds, uint Nanoseconds) : IComparable<Timestamp>
{
    /// <summary>Nanoseconds in a second.</summary>
    public const uint NanosecondsPerSecond = 1_000_000_000;

    /// <summary>Orders by time.</summary>
    public int CompareTo(Timestamp other) =>
        Seconds != other.Seconds ? Seconds.CompareTo(other.Seconds) : Nanoseconds.CompareTo(other.Nanoseconds);

    /// <summary>Order by time.</summary>
    public static bool operator <(Timestamp left, Timestamp right) => left.CompareTo(right) < 0;

    /// <summary>Order by time.</summary>
    public static bool operator >(Timestamp left, Timestamp right) => left.CompareTo(right) > 0;

    /// <summary>Order by time.</summary>
    public static bool operator <=(Timestamp left, Timestamp right) => left.CompareTo(right) <= 0;

    /// <summary>Order by time.</summary>
    public static bool operator >=(Timestamp left, Timestamp right) => left.CompareTo(right) >= 0;
}
