namespace Xget.Node.Exporting;

/// <summary>
/// How far one address is believed that reports workers: who blames many within seconds is itself the one in trouble. Pure;
/// belongs to <see cref="Cluster"/>.
/// </summary>
internal sealed class ReporterWord
{
    /// <summary>Different workers that an address may blame within <see cref="Window"/>.</summary>
    private const int MaxBlamed = 8;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Deafness = TimeSpan.FromMinutes(1);

    private readonly List<Said> _blamed = [];
    private TimeSpan _deafUntil;

    /// <summary>Whether its word counts.</summary>
    internal bool IsHeard(TimeSpan now) => now >= _deafUntil;

    /// <summary>
    /// Notes that it blames a worker. False if it blames too many: then its word counts for nothing for a minute, and what it said
    /// in the last ten seconds, <paramref name="retracted"/>, did not count either.
    /// </summary>
    internal bool Blames(WorkerBlame worker, TimeSpan now, out IReadOnlyList<WorkerBlame> retracted)
    {
        retracted = [];
        _blamed.RemoveAll(b => b.Worker == worker || now - b.At > Window);
        _blamed.Add(new Said(worker, now));
        if (_blamed.Count <= MaxBlamed)
            return true;
        retracted = _blamed.ConvertAll(b => b.Worker);
        _blamed.Clear();
        _deafUntil = now + Deafness;
        return false;
    }

    private sealed class Said(WorkerBlame worker, TimeSpan at)
    {
        internal WorkerBlame Worker => worker;

        internal TimeSpan At => at;
    }
}
