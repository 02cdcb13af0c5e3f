namespace Xget.NineP;

/// <summary>Counts what is under way, and tells when all of it has ended. Thread-safe.</summary>
internal sealed class Tally
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // One for the owner, who gives it up by asking for the end.
    private int _count = 1;

    public void Begin() => Interlocked.Increment(ref _count);

    public void End()
    {
        if (Interlocked.Decrement(ref _count) == 0)
        {
            _ended.SetResult();
        }
    }

    /// <summary>Waits until all have ended; to be called once, after the last <see cref="Begin"/>.</summary>
    public Task EndedAsync()
    {
        End();
        return _ended.Task;
    }
}
