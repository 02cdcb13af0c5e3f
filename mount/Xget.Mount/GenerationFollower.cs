using Serilog;
using Xget.Content;
using Xget.Node;
using Xget.Node.Wire;

namespace Xget.Mount;

/// <summary>
/// Brings a mount to each new generation: loads the new objects of the directories that were looked into, then changes
/// all of them at once and tells the kernel. A file that is open keeps the bytes it was opened with.
/// </summary>
internal sealed class GenerationFollower(ClusterNode node, XgetFileSystem files, MountedContents contents, MountedRoot root, ILogger log)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private Digest _complained;

    private InodeTable Inodes => files.Inodes;

    /// <summary>Follows until cancelled.</summary>
    internal async Task RunAsync(TimeProvider time, CancellationToken ct)
    {
        while (true)
        {
            GenerationText? next = await node.OtherGenerationAsync(root.Generation.Root, ct);
            if (next is null || !await TryUpdateAsync(next, ct))
                await Task.Delay(Pause, time, ct);
        }
    }

    /// <summary>False when something could not be loaded; then nothing was changed, and it is tried again.</summary>
    private async Task<bool> TryUpdateAsync(GenerationText next, CancellationToken ct)
    {
        (DirectoryEntry? top, MountFailure? failure) = await root.FindAsync(next, ct);
        if (top is null)
            return Complain(next, failure!.Reason);
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
                    return Complain(next, $"{directory}: {load.Error}");
                change.Add(data, load.Directory);
            }
        }
        await change.Told;
        log.Information("generation {Number}: {Changes} changes below what was looked at", next.Number, change.Count);
        return true;
    }

    /// <summary>Once for each generation.</summary>
    private bool Complain(GenerationText next, string reason)
    {
        if (_complained != next.Root)
            log.Error("generation {Number} cannot be followed: {Reason:l}", next.Number, reason);
        _complained = next.Root;
        return false;
    }
}
