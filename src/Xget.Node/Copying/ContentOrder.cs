using Xget.Content.Store;

namespace Xget.Node.Copying;

/// <summary>
/// The order in which a copy's contents come. Large ones in the tree's order, so that all nodes get the same ones at the
/// same time: each is in stripes, whose trees are best when all are in them from the start. The others in random order, as
/// the paper has it, so that different nodes come first for different contents.
/// </summary>
internal sealed class ContentOrder(Random random)
{
    /// <summary>Contents under way at a time, of the large and of the small ones; within each, a window of chunks is.</summary>
    private const int Parallel = 4;

    /// <summary>From so many bytes on a content is likely to be in stripes.</summary>
    private const ulong Large = 1 << 20;

    /// <summary>What is done with each content.</summary>
    internal delegate Task Copy(List<PackMember> members, Turn? turn, CancellationToken ct);

    /// <summary>Copies all contents; the first that throws ends the others.</summary>
    internal async Task RunAsync(CopyPlan plan, Copy copy, CancellationToken ct)
    {
        ILookup<bool, List<PackMember>> contents = plan.Contents.Values.ToLookup(IsLarge);
        List<PackMember>[] small = [.. contents[false]];
        lock (random)
            random.Shuffle(small);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        List<PackMember>[] large = [.. contents[true]];
        Turn[] turns = Turn.Row(large.Length);
        Task[] workers = [Turn.RunAsync(turns, stop.Token), .. Workers(large, turns, copy, stop), .. Workers(small, null, copy, stop)];
        try
        {
            await Task.WhenAll(workers);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // The first error is the cause, the cancelled ones its consequence.
            throw workers.Where(w => w.IsFaulted).Select(w => w.Exception!.InnerException!).First();
        }
    }

    private static bool IsLarge(List<PackMember> members) => members[0].Data.Length >= Large;

    private static Task[] Workers(List<PackMember>[] contents, Turn[]? turns, Copy copy, CancellationTokenSource stop)
    {
        int next = -1;

        async Task WorkAsync()
        {
            try
            {
                while (Interlocked.Increment(ref next) is int i && i < contents.Length)
                {
                    await copy(contents[i], turns?[i], stop.Token);
                    turns?[i].Pass();
                }
            }
            catch
            {
                await stop.CancelAsync();
                throw;
            }
        }

        var workers = new Task[Math.Min(Parallel, contents.Length)];
        for (int i = 0; i < workers.Length; i++)
            workers[i] = WorkAsync();
        return workers;
    }
}
