using System.Collections.Immutable;
using Mono.Unix.Native;
using Xget.Content;
using Xget.Fuse;

namespace Xget.Mount;

/// <summary>
/// What is different between the directories that a mount has looked into and a new generation. Everything but
/// <see cref="Add"/> under the inode table's lock, so that nobody sees a part of a generation.
/// </summary>
internal sealed class GenerationChange(InodeTable inodes, FuseNotifier notifier)
{
    private readonly Dictionary<DataReference, DirectoryObject> _objects = [];
    private readonly List<Task<Errno>> _notices = [];

    /// <summary>Names and attributes that became other ones.</summary>
    internal int Count { get; private set; }

    /// <summary>Ends when the kernel was told of all changes.</summary>
    internal Task Told => Task.WhenAll(_notices);

    /// <summary>Takes up a new directory object.</summary>
    internal void Add(DataReference data, DirectoryObject directory) => _objects[data] = directory;

    /// <summary>The directories whose new objects are needed and not here yet.</summary>
    internal List<(Inode Directory, DataReference Data)> Missing(DirectoryEntry top)
    {
        List<(Inode, DataReference)> missing = [];
        FindMissing(inodes.Root, top.Data, missing);
        return missing;
    }

    /// <summary>Brings all inodes to the new generation; nothing is missing.</summary>
    internal void Apply(DirectoryEntry top)
    {
        SetAttributes(inodes.Root, top.Attributes);
        Update(inodes.Root, top.Data);
    }

    private void FindMissing(Inode directory, DataReference data, List<(Inode, DataReference)> missing)
    {
        if (directory.Data == data || directory.Directory is null)
            return;
        if (!_objects.TryGetValue(data, out DirectoryObject? after))
        {
            missing.Add((directory, data));
            return;
        }
        foreach ((FileName name, Inode child) in directory.Children)
        {
            if (child.IsDirectory && after.Find(name.Bytes) is { Type: EntryType.Directory } now)
                FindMissing(child, now.Data, missing);
        }
    }

    private void Update(Inode directory, DataReference data)
    {
        if (directory.Data == data)
            return;
        directory.Data = data;
        // What was never looked into is loaded when it is.
        if (directory.Directory is not { } before)
            return;
        (directory.Former, directory.Turn) = (before, (directory.Turn + 1) & int.MaxValue);
        directory.Directory = _objects[data];
        if (Compare(directory, before.Entries, directory.Directory.Entries))
            _notices.Add(notifier.InvalidateInodeAsync(directory.NodeId));
    }

    /// <summary>Merges two sorted lists; true when the directory's listing is another one.</summary>
    private bool Compare(Inode directory, ImmutableArray<DirectoryEntry> before, ImmutableArray<DirectoryEntry> after)
    {
        bool listing = false;
        int i = 0;
        int j = 0;
        while (i < before.Length || j < after.Length)
        {
            int order = i == before.Length ? 1 : j == after.Length ? -1 : before[i].Name.CompareTo(after[j].Name);
            if (order == 0)
            {
                listing |= Replace(directory, before[i++], after[j++]);
                continue;
            }
            listing = true;
            // A name that is new may be known as one that is not there.
            Invalidate(directory, order < 0 ? before[i++].Name : after[j++].Name);
        }
        return listing;
    }

    /// <summary>Another entry under the same name; true when a listing shows it otherwise, by type or inode number.</summary>
    private bool Replace(Inode directory, DirectoryEntry old, DirectoryEntry now)
    {
        if (old != now && directory.Children.TryGetValue(now.Name, out Inode? inode))
        {
            if (!IsSame(old, now))
            {
                Invalidate(directory, now.Name);
            }
            else
            {
                SetAttributes(inode, now.Attributes);
                if (inode.IsDirectory)
                    Update(inode, now.Data);
            }
        }
        return old.Type != now.Type || old.Attributes.LinkIdentity != now.Attributes.LinkIdentity;
    }

    private void Invalidate(Inode directory, FileName name)
    {
        Count++;
        if (directory.Children.TryGetValue(name, out Inode? gone))
            inodes.Detach(directory, name, gone);
        _notices.Add(notifier.InvalidateEntryAsync(directory.NodeId, name.Bytes));
    }

    private void SetAttributes(Inode inode, EntryAttributes now)
    {
        if (inode.Attributes == now)
            return;
        Count++;
        inode.Attributes = now;
        _notices.Add(notifier.InvalidateInodeAsync(inode.NodeId, -1));
    }

    /// <summary>
    /// The same directory, or the same place in the same content, and for a link the same target. A small file that is
    /// only packed with other neighbours now gets another inode, which costs a look-up, no more.
    /// </summary>
    private static bool IsSame(DirectoryEntry old, DirectoryEntry now) => old.Type == now.Type
        && (now.Type == EntryType.Directory || (old.Data == now.Data && old.Attributes.Size == now.Attributes.Size
            && old.Attributes.SymlinkTarget.AsSpan().SequenceEqual(now.Attributes.SymlinkTarget)
            && (old.Attributes.RdevMajor, old.Attributes.RdevMinor, old.Attributes.LinkIdentity)
                == (now.Attributes.RdevMajor, now.Attributes.RdevMinor, now.Attributes.LinkIdentity)));
}
