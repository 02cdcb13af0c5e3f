namespace Xget.Fuse;

/// <summary>The answer to a statx(2) and how long the kernel may believe it.</summary>
/// <param name="Stat">The attributes.</param>
/// <param name="Valid">From 0 to <see cref="EntryOut.Forever"/>.</param>
public readonly record struct StatxOut(FuseStatx Stat, TimeSpan Valid);
