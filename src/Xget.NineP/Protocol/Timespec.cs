namespace Xget.NineP;

/// <summary>A point in time as the kernel's <c>struct timespec</c> has it.</summary>
/// <param name="Seconds">Seconds since 1970-01-01 UTC, negative before.</param>
/// <param name="Nanoseconds">0 to 999,999,999.</param>
public readonly record struct Timespec(long Seconds, uint Nanoseconds);
