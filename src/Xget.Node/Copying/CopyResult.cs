namespace Xget.Node.Copying;

/// <summary>How a copy ended.</summary>
/// <param name="Files">Regular files in place.</param>
/// <param name="Bytes">Their bytes; hard links count once.</param>
/// <param name="Elapsed">From the start to the moment the last file was verified and in place.</param>
/// <param name="Skipped">Entries that this user may not make (devices, as non-root).</param>
public sealed record CopyResult(long Files, ulong Bytes, TimeSpan Elapsed, int Skipped);
