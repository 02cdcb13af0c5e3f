namespace Xget.Node.Copying;

/// <summary>
/// The large contents of a copy come one after the other: side by side each would pass every level of its trees at a part
/// of the speed, and the levels add up. But the next one joins its trees while one comes, and begins when about all of
/// that one has been asked for; so no link rests. Those behind it are announced, so that their trees are like those before.
/// </summary>
internal sealed class Turn(Turn? before)
{
    private readonly TaskCompletionSource _now = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when it is the turn of the one before: it is time to join.</summary>
    public Task Soon { get; } = before?.Now ?? Task.CompletedTask;

    /// <summary>Ends when the one before has passed.</summary>
    public Task Now => _now.Task;

    /// <summary>It is the next one's turn; at any time, and more than once.</summary>
    public void Pass() => _over.TrySetResult();

    /// <summary>So many, one after the other.</summary>
    public static Turn[] Row(int count)
    {
        var row = new Turn[count];
        for (int i = 0; i < count; i++)
            row[i] = new Turn(i > 0 ? row[i - 1] : null);
        return row;
    }

    /// <summary>Gives each its turn.</summary>
    public static async Task RunAsync(Turn[] row, CancellationToken ct)
    {
        foreach (Turn turn in row)
        {
            turn._now.TrySetResult();
            await turn._over.Task.WaitAsync(ct);
        }
    }
}
