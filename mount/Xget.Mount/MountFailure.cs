namespace Xget.Mount;

/// <summary>Why there is no mount.</summary>
/// <param name="Reason">A line for the user.</param>
/// <param name="IsUnreachable">No master answers, or not as it should: another attempt may succeed.</param>
public sealed record MountFailure(string Reason, bool IsUnreachable = false);
