namespace Xget.Node.Copying;

/// <summary>
/// The large contents of a copy come one after the other: side by side each would pass every level of its trees at a part
/// of the speed, and the levels add up. But the next one joins its trees while one comes, and begins when about all of
/// that one has been asked for; so no link rests.
/// </summary>
internal sealed class Turn
{
    private readonly TaskCompletionSource _soon = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _now = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when it is the turn of the one before: it is time to join.</summary>
    public Task Soon => _soon.Task;

    /// <summary>Ends when the one before has passed.</summary>
    public Task Now => _now.Task;

    /// <summary>It is the next one's turn; at any time, and more than once.</summary>
    public void Pass() => _over.TrySetResult();

    /// <summary>Gives each its turn.</summary>
    public static async Task RunAsync(IReadOnlyList<Turn> turns, CancellationToken ct)
    {
        for (int i = 0; i < turns.Count; i++)
        {
            turns[i]._soon.TrySetResult();
            turns[i]._now.TrySetResult();
            if (i + 1 < turns.Count)
                turns[i + 1]._soon.TrySetResult();
            await turns[i]._over.Task.WaitAsync(ct);
        }
    }
}
