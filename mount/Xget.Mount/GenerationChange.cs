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
    private readonly List<(Inode Directory, FileName Name)> _names = [];
    private readonly HashSet<Inode> _linked = [];

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
        SetAttributes(inodes.Root, top);
        Update(inodes.Root, top.Data);
        // Behind the inodes, whose openers wait for their notices: the kernel may let these wait for a look-up.
        foreach ((Inode directory, FileName name) in _names)
            _notices.Add(notifier.InvalidateEntryAsync(directory.NodeId, name.Bytes));
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
            Detach(directory, order < 0 ? before[i++].Name : after[j++].Name);
        }
        return listing;
    }

    /// <summary>Another entry under the same name; true when a listing shows it otherwise, by type or inode number.</summary>
    private bool Replace(Inode directory, DirectoryEntry old, DirectoryEntry now)
    {
        if (old == now)
            return false;
        if (!directory.Children.TryGetValue(now.Name, out Inode? inode))
            return inodes.NumberOf(directory, old) != inodes.NumberOf(directory, now) || old.Type != now.Type;
        ulong number = inode.Ino;
        if (!Keep(inode, old, now))
        {
            Detach(directory, now.Name);
            return true;
        }
        return inode.Ino != number;
    }

    /// <summary>
    /// Brings the inode of a name to its new entry; false when the name needs another inode: what the kernel has of the old
    /// one, as an open file, another name or a device, must stay as it is.
    /// </summary>
    private bool Keep(Inode inode, DirectoryEntry old, DirectoryEntry now)
    {
        if (old.Type != now.Type)
            return false;
        if (inode.IsDirectory)
        {
            SetAttributes(inode, now);
            Update(inode, now.Data);
            return true;
        }
        if (_linked.Contains(inode)) // by another of its names, which must be one of the same file still
            return now.Attributes.LinkIdentity != 0 && inode.Data == now.Data && inode.Attributes == now.Attributes;
        EntryComparison compared = EntryComparison.Of(old, now);
        if (!inodes.MayHave(inode, now.Attributes.LinkIdentity) || compared.IsOtherDevice || (compared.HasOtherBytes && inode.Opens > 0))
            return false;
        if (old.Attributes.LinkIdentity != 0 || now.Attributes.LinkIdentity != 0)
            _linked.Add(inode);
        if (compared.HasOtherBytes)
            Count++;
        if (compared.MayHaveOtherBytes)
        {
            inodes.Change(inode, now, renumber: compared.HasOtherBytes);
            Task<Errno> told = notifier.InvalidateInodeAsync(inode.NodeId);
            inode.Told = told;
            _notices.Add(told);
            return true;
        }
        SetAttributes(inode, now);
        return true;
    }

    private void Detach(Inode directory, FileName name)
    {
        Count++;
        if (directory.Children.TryGetValue(name, out Inode? gone))
            inodes.Detach(directory, name, gone);
        _names.Add((directory, name));
    }

    private void SetAttributes(Inode inode, DirectoryEntry now)
    {
        bool differ = inode.Attributes != now.Attributes;
        if (!inode.IsDirectory || differ)
            inodes.Change(inode, inode.IsDirectory ? now with { Data = inode.Data } : now, renumber: false);
        if (!differ)
            return;
        Count++;
        _notices.Add(notifier.InvalidateInodeAsync(inode.NodeId, -1));
    }
}
