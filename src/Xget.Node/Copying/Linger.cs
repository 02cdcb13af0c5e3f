namespace Xget.Node.Copying;

/// <summary>
/// The paper's rule for the end of a client: it serves on until no client is connected to it, but at most until twice
/// its own download time has passed since it started.
/// </summary>
public static class Linger
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    /// <summary>Ends when the node may go.</summary>
    /// <param name="node">The node, whose own copy is done.</param>
    /// <param name="most">How long it serves on at the most.</param>
    /// <param name="time">The clock.</param>
    /// <param name="ct">Ends it at once.</param>
    public static async Task RunAsync(ClusterNode node, TimeSpan most, TimeProvider time, CancellationToken ct)
    {
        long start = time.GetTimestamp();
        while (node.Children > 0 && time.GetElapsedTime(start) < most)
            await Task.Delay(Look, time, ct);
    }
}
