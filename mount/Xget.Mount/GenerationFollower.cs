using Serilog;
using Xget.Content;
using Xget.Node;
using Xget.Node.Wire;

namespace Xget.Mount;

/// <summary>
/// Brings a mount to each new generation: loads the new objects of the directories that were looked into, then changes
/// all of them at once and tells the kernel. A file that is open keeps the bytes it was opened with. No failure ends it.
/// </summary>
internal sealed class GenerationFollower(ClusterNode node, XgetFileSystem files, MountedContents contents, MountedRoot root, ILogger log)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);
    private (Digest Root, string Reason) _complained;
    private volatile TaskCompletionSource _followed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private InodeTable Inodes => files.Inodes;

    /// <summary>The pause after a following that began a while ago: <see cref="FollowPace.Pause"/>.</summary>
    internal Func<int, TimeSpan, TimeSpan> Pace { get; init; } = FollowPace.Pause;

    /// <summary>Follows until cancelled, and ends then with an <see cref="OperationCanceledException"/>.</summary>
    internal async Task RunAsync(TimeProvider time, CancellationToken ct)
    {
        files.UpToDateAsync = giveUp => UpToDateAsync(time, giveUp);
        for (int failures = 0; ;)
        {
            GenerationText? next = null;
            string? reason;
            long begun = time.GetTimestamp();
            try
            {
                next = await node.OtherGenerationAsync(root.Generation.Root, ct);
                begun = time.GetTimestamp();
                reason = next is null ? "the master cannot be reached" : await TryUpdateAsync(next, ct);
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                reason = $"{e.GetType().Name}: {e.Message}";
            }
            failures = reason is null ? 0 : failures + 1;
            if (reason is not null)
                Complain(next, reason);
            await Task.Delay(Pace(failures, time.GetElapsedTime(begun)), time, ct);
        }
    }

    /// <summary>
    /// Ends when the mount shows what the master publishes now, or the master does not say, or that takes too long: so
    /// that a file is not called stale whose bytes the new generation still has.
    /// </summary>
    private async Task UpToDateAsync(TimeProvider time, CancellationToken ct)
    {
        (GenerationText? now, _) = await node.GenerationAsync(ct);
        try
        {
            while (now is not null && _followed.Task is var followed && root.Generation.Root != now.Root)
                await followed.WaitAsync(LongestWait, time, ct);
        }
        catch (TimeoutException)
        {
            // It is judged by what is known.
        }
    }

    /// <summary>Null, or why something could not be loaded; then nothing was changed, and it is to be tried again.</summary>
    private async Task<string?> TryUpdateAsync(GenerationText next, CancellationToken ct)
    {
        if (next.Root == root.Generation.Root)
            return null;
        (DirectoryEntry? top, MountFailure? failure) = await root.FindAsync(next, ct);
        if (top is null)
            return failure!.Reason;
        var change = new GenerationChange(Inodes, files.Connection!.Notifier);
        while (true)
        {
            List<(Inode Directory, DataReference Data)> missing;
            lock (Inodes.Gate)
            {
                missing = change.Missing(top);
                if (missing.Count == 0)
                {
                    change.Apply(top);
                    root.Generation = next;
                    break;
                }
            }
            foreach ((Inode directory, DataReference data) in missing)
            {
                DirectoryLoad load = await contents.LoadAsync(data, $"directory {directory}", ct);
                if (load.Directory is null)
                    return $"{directory}: {load.Error}";
                change.Add(data, load.Directory);
            }
        }
        TaskCompletionSource followed = _followed;
        _followed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        followed.SetResult();
        await change.Told;
        log.Information("generation {Number}: {Changes} changes below what was looked at", next.Number, change.Count);
        return null;
    }

    /// <summary>Once for each generation and reason in a row.</summary>
    private void Complain(GenerationText? next, string reason)
    {
        if (_complained == (next?.Root ?? default, reason))
            return;
        _complained = (next?.Root ?? default, reason);
        if (next is null)
            log.Error("the master's next generation cannot be had: {Reason:l}; tries again", reason);
        else
            log.Error("generation {Number} cannot be followed: {Reason:l}; tries again", next.Number, reason);
    }
}
