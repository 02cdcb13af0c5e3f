namespace Xget.Node.Exporting;

/// <summary>
/// Whether the master has reached the worker of one connection, and when it tries again: pure, told of results and the time.
/// Belongs to <see cref="Cluster"/>.
/// </summary>
internal sealed class WorkerProof
{
    /// <summary>How long the first routes of a node wait for the result, so that it is a worker before they are decided.</summary>
    internal static readonly TimeSpan RouteWait = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan CheckPause = TimeSpan.FromSeconds(10);

    private TaskCompletionSource _known = NewKnown();
    private TimeSpan _since;
    private TimeSpan _reached;
    private int _failures;

    internal WorkerState State { get; private set; }

    /// <summary>Why it serves nobody, for people.</summary>
    internal string Reason { get; private set; } = "it serves nobody";

    /// <summary>When the next probe may begin. It outlives a claim: who changes ports is tried no more often.</summary>
    internal TimeSpan Due { get; private set; }

    /// <summary>Whether it counts among the unproven workers of its address.</summary>
    internal bool TakesPlace { get; private set; }

    /// <summary>A proven worker that one address has reported is probed again.</summary>
    internal bool IsChecked { get; private set; }

    internal bool NeedsProbe => State == WorkerState.Unproven || IsChecked;

    /// <summary>Ends when the result of a claim is known.</summary>
    internal Task Known => _known.Task;

    /// <summary>How long routes that are asked for now wait for the result; zero if they do not.</summary>
    internal TimeSpan Pending(TimeSpan now) =>
        State is WorkerState.Unproven or WorkerState.Crowded && !_known.Task.IsCompleted && _since + RouteWait > now
            ? _since + RouteWait - now : TimeSpan.Zero;

    /// <summary>A claim that is not decided yet begins.</summary>
    internal void Claim(TimeSpan now)
    {
        if (_known.Task.IsCompleted)
            _known = NewKnown();
        _since = now;
    }

    /// <summary>It serves nobody, for that reason.</summary>
    internal void Stop(WorkerState state, string reason)
    {
        (State, Reason, IsChecked, TakesPlace) = (state, reason, false, false);
        if (state != WorkerState.Crowded)
            _known.TrySetResult();
    }

    /// <summary>It will be probed, not before that time.</summary>
    internal void Begin(TimeSpan notBefore)
    {
        (State, Reason, TakesPlace) = (WorkerState.Unproven, "not tried yet", true);
        Due = notBefore > Due ? notBefore : Due;
    }

    internal void Reached(TimeSpan now)
    {
        (State, IsChecked, TakesPlace, _failures, _reached) = (WorkerState.Proven, false, false, 0, now);
        _known.TrySetResult();
    }

    /// <summary>A probe failed; true the first time in a row.</summary>
    internal bool Failed(string reason, TimeSpan now, TimeSpan? pause)
    {
        Due = now + (pause ?? Pause(_failures));
        (State, Reason, IsChecked) = (WorkerState.Unproven, reason, false);
        _known.TrySetResult();
        return ++_failures == 1;
    }

    /// <summary>Two addresses report it: the master must reach it anew, not before the pause is over.</summary>
    internal void Suspend(TimeSpan now, TimeSpan pause)
    {
        (State, Reason, IsChecked) = (WorkerState.Unproven, "other nodes report that it fails", false);
        Due = now + pause;
    }

    /// <summary>One address reports it: the master looks for itself, unless it has done so a moment ago.</summary>
    internal bool Check(TimeSpan now)
    {
        if (State != WorkerState.Proven || IsChecked || now - _reached < CheckPause)
            return false;
        (IsChecked, Due) = (true, now);
        return true;
    }

    private static TimeSpan Pause(int failures) => TimeSpan.FromSeconds(failures switch { 0 => 1, 1 => 5, 2 => 30, _ => 60 });

    private static TaskCompletionSource NewKnown() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
