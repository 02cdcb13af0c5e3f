namespace Xget.Node.Copying;

/// <summary>How a copy ended. Immutable.</summary>
/// <param name="Files">Regular files in place.</param>
/// <param name="Bytes">Bytes of all files of the plan; hard links count once.</param>
/// <param name="Elapsed">From the start to the moment the last file was verified and in place.</param>
/// <param name="Skipped">Entries that this user may not make (devices, as non-root).</param>
public sealed record CopyResult(long Files, ulong Bytes, TimeSpan Elapsed, int Skipped)
{
    /// <summary>Entries that could not be copied, a directory with all that is in it counting once.</summary>
    public long FailureCount { get; init; }

    /// <summary>The first of them.</summary>
    public IReadOnlyList<CopyFailure> Failures { get; init; } = [];

    /// <summary>Entries of types that the destination's file system has not, which was allowed.</summary>
    public long LackedCount { get; init; }

    /// <summary>The first of them.</summary>
    public IReadOnlyList<CopyFailure> Lacked { get; init; } = [];

    /// <summary>Entries that the master did not publish.</summary>
    public long LeftOutCount { get; init; }

    /// <summary>The first of them: <c>PATH: REASON</c>.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];

    /// <summary>Whether files of an earlier generation are among those in place: the master published while they were copied.</summary>
    public bool IsMixed { get; init; }

    /// <summary>Whether everything that the master has is in place.</summary>
    public bool IsComplete => FailureCount == 0 && LeftOutCount == 0;
}
