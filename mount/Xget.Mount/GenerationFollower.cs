using System.Collections.Immutable;
using Mono.Unix.Native;
using Serilog;
using Xget.Content;
using Xget.Fuse;
using Xget.Node;
using Xget.Node.Wire;

namespace Xget.Mount;

/// <summary>
/// Brings a mount to each new generation: compares the directories that were loaded with their new objects, and tells
/// the kernel to drop exactly what is different. A file that is open keeps the bytes it was opened with.
/// </summary>
internal sealed class GenerationFollower(ClusterNode node, XgetFileSystem files, MountedContents contents, MountedRoot root, ILogger log)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

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

    private async Task<bool> TryUpdateAsync(GenerationText next, CancellationToken ct)
    {
        (DirectoryEntry? top, string? reason) = await root.FindAsync(next, ct);
        if (top is null)
        {
            log.Error("generation {Number} cannot be followed: {Reason:l}", next.Number, reason);
            return false;
        }
        int changes = 0;
        if (!await UpdateAsync(Inodes.Root, top.Data, () => changes++, ct))
            return false;
        root.Generation = next;
        log.Information("generation {Number}: {Changes} changes below what was looked at", next.Number, changes);
        return true;
    }

    /// <summary>False when a directory could not be loaded; then nothing of it was changed, and it is tried again.</summary>
    private async Task<bool> UpdateAsync(Inode directory, DataReference data, Action changed, CancellationToken ct)
    {
        if (directory.Data == data)
            return true;
        DirectoryObject? before = directory.Directory;
        if (before is null)
        {
            lock (Inodes.Gate)
                (directory.Data, directory.Loading) = (data, null);
            // It was never looked into; only who was just about to will load it again.
            return true;
        }
        DirectoryLoad load = await contents.LoadAsync(data, $"directory {directory}", ct);
        if (load.Directory is not { } after)
        {
            log.Error("{Directory:l}: {Error}", directory.ToString(), load.Error);
            return load.Error is Errno.ESTALE; // a still newer generation is out: that one will be followed
        }
        var notices = new List<Task<Errno>>();
        var below = new List<(Inode Inode, DataReference Data)>();
        lock (Inodes.Gate)
        {
            if (Compare(directory, before.Entries, after.Entries, notices, below, changed))
                notices.Add(Notifier.InvalidateInodeAsync(directory.NodeId));
            if (directory.Parent is null && directory.Attributes != after.Self)
            {
                directory.Attributes = after.Self;
                notices.Add(Notifier.InvalidateInodeAsync(directory.NodeId, -1));
            }
        }
        foreach ((Inode child, DataReference now) in below)
        {
            if (!await UpdateAsync(child, now, changed, ct))
                return false;
        }
        lock (Inodes.Gate)
            (directory.Directory, directory.Data) = (after, data);
        await Task.WhenAll(notices);
        return true;
    }

    private FuseNotifier Notifier => files.Connection!.Notifier;

    /// <summary>Merges two sorted lists; true when the directory's listing is another one. Under the table's lock.</summary>
    private bool Compare(Inode directory, ImmutableArray<DirectoryEntry> before, ImmutableArray<DirectoryEntry> after,
        List<Task<Errno>> notices, List<(Inode, DataReference)> below, Action changed)
    {
        bool listing = false;
        int i = 0;
        int j = 0;
        while (i < before.Length || j < after.Length)
        {
            int order = i == before.Length ? 1 : j == after.Length ? -1 : before[i].Name.CompareTo(after[j].Name);
            if (order == 0)
            {
                listing |= Replace(directory, before[i++], after[j++], notices, below, changed);
                continue;
            }
            listing = true;
            changed();
            FileName name = order < 0 ? before[i++].Name : after[j++].Name;
            if (directory.Children.TryGetValue(name, out Inode? gone))
                Inodes.Detach(directory, name, gone);
            notices.Add(Notifier.InvalidateEntryAsync(directory.NodeId, name.Bytes));
        }
        return listing;
    }

    private bool Replace(Inode directory, DirectoryEntry old, DirectoryEntry now, List<Task<Errno>> notices,
        List<(Inode, DataReference)> below, Action changed)
    {
        if (!directory.Children.TryGetValue(now.Name, out Inode? inode) || old == now)
            return old != now;
        bool keeps = old.Type == now.Type && (now.Type == EntryType.Directory || SameBytes(old, now));
        if (!keeps)
        {
            changed();
            Inodes.Detach(directory, now.Name, inode);
            notices.Add(Notifier.InvalidateEntryAsync(directory.NodeId, now.Name.Bytes));
            return true;
        }
        if (old.Attributes != now.Attributes)
        {
            changed();
            inode.Attributes = now.Attributes;
            notices.Add(Notifier.InvalidateInodeAsync(inode.NodeId, -1));
        }
        if (now.Type == EntryType.Directory)
            below.Add((inode, now.Data));
        else
            inode.Data = now.Data;
        return old.Attributes != now.Attributes;
    }

    /// <summary>
    /// The same place in the same content, and for a link the same target. A small file that is only packed with other
    /// neighbours now gets another inode, which costs a look-up, no more.
    /// </summary>
    private static bool SameBytes(DirectoryEntry old, DirectoryEntry now) =>
        old.Data == now.Data && old.Attributes.Size == now.Attributes.Size
        && old.Attributes.SymlinkTarget.AsSpan().SequenceEqual(now.Attributes.SymlinkTarget)
        && (old.Attributes.RdevMajor, old.Attributes.RdevMinor, old.Attributes.LinkIdentity)
            == (now.Attributes.RdevMajor, now.Attributes.RdevMinor, now.Attributes.LinkIdentity);
}
