using Xget.Content;
using Xget.Fuse;

namespace Xget.Mount;

/// <summary>All inodes of a mount, by the numbers that the kernel uses. Thread-safe; its lock guards their fields.</summary>
internal sealed class InodeTable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, Inode> _byNodeId = [];
    private readonly Dictionary<ulong, Inode> _byLink = [];
    private readonly InodeNumbers _numbers;
    private ulong _lastNodeId = FuseFileSystem.RootId;

    internal InodeTable(EntryAttributes root, DataReference data, InodeNumbers? numbers = null)
    {
        _numbers = numbers ?? new InodeNumbers(is32Bit: false);
        Root = new Inode(FuseFileSystem.RootId, FuseFileSystem.RootId, null, default, root, data) { Lookups = 1 };
        _byNodeId.Add(Root.NodeId, Root);
    }

    internal Lock Gate => _gate;

    internal Inode Root { get; }

    internal Inode? Find(ulong nodeId)
    {
        lock (_gate)
            return _byNodeId.GetValueOrDefault(nodeId);
    }

    /// <summary>The inode of an entry, told to the kernel once more: names of one file share one.</summary>
    internal Inode Tell(Inode directory, DirectoryEntry entry)
    {
        lock (_gate)
        {
            if (!directory.Children.TryGetValue(entry.Name, out Inode? inode))
            {
                inode = FindLinked(entry);
                if (inode is not null)
                    (inode.OtherNames ??= []).Add((directory, entry.Name));
                else
                    inode = New(directory, entry);
                directory.Children.Add(entry.Name, inode);
            }
            inode.Lookups++;
            return inode;
        }
    }

    /// <summary>An inode that the kernel knows already, told to it once more.</summary>
    internal Inode Tell(Inode inode)
    {
        lock (_gate)
        {
            inode.Lookups++;
            return inode;
        }
    }

    /// <summary>The inode number of an entry: that of its inode, if there is one. Under the lock.</summary>
    internal ulong NumberOf(Inode directory, DirectoryEntry entry) =>
        (directory.Children.GetValueOrDefault(entry.Name) ?? FindLinked(entry))?.Ino ?? _numbers.Of(directory.Ino, entry);

    /// <summary>
    /// An open begins, of the bytes that a regular file has now: until <see cref="EndOpen"/> it has no others.
    /// </summary>
    internal void BeginOpen(Inode inode, out DataReference data)
    {
        lock (_gate)
        {
            inode.Opens++;
            data = inode.Data;
        }
    }

    /// <summary>An open has failed, or its file was released.</summary>
    internal void EndOpen(Inode inode)
    {
        lock (_gate)
            inode.Opens--;
    }

    /// <summary>Whether an inode may be that of a file with this link identity, 0 for none: no other one is. Under the lock.</summary>
    internal bool MayHave(Inode inode, ulong link) => link == 0 || !_byLink.TryGetValue(link, out Inode? known) || known == inode;

    /// <summary>Gives an inode what a new generation has under its name. Under the lock.</summary>
    /// <param name="inode">No root if it is to be renumbered.</param>
    /// <param name="now">The new entry.</param>
    /// <param name="renumber">It has other bytes, and so another number.</param>
    internal void Change(Inode inode, DirectoryEntry now, bool renumber)
    {
        Unlink(inode);
        inode.Attributes = now.Attributes;
        if (inode.Data != now.Data)
            (inode.Data, inode.Blocks) = (now.Data, Inode.Unknown);
        if (now.Attributes.LinkIdentity is not 0 and ulong link)
            _byLink[link] = inode;
        if (renumber)
            inode.Ino = _numbers.Of(inode.Parent!.Ino, now);
    }

    /// <summary>Takes all names away from an inode, so that the next look-up of each gives another.</summary>
    internal void Disown(Inode inode)
    {
        lock (_gate)
        {
            foreach ((Inode directory, FileName name) in Names(inode))
                Detach(directory, name, inode);
        }
    }

    /// <summary>The kernel forgets so many look-ups; what it does not know any more, and nothing hangs from, is dropped.</summary>
    internal void Forget(ulong nodeId, ulong count)
    {
        lock (_gate)
        {
            if (!_byNodeId.TryGetValue(nodeId, out Inode? inode) || inode == Root)
                return;
            inode.Lookups -= Math.Min(count, inode.Lookups);
            DropIfUnused(inode);
        }
    }

    /// <summary>Takes a name away from its inode, because a new generation has something else there. Under the lock.</summary>
    internal void Detach(Inode directory, FileName name, Inode inode)
    {
        directory.Children.Remove(name);
        if (Names(inode).Count == 0)
            Unlink(inode);
        DropIfUnused(inode);
        DropIfUnused(directory);
    }

    internal int Count
    {
        get
        {
            lock (_gate)
                return _byNodeId.Count;
        }
    }

    private Inode New(Inode directory, DirectoryEntry entry)
    {
        var inode = new Inode(++_lastNodeId, _numbers.Of(directory.Ino, entry), directory, entry.Name, entry.Attributes, entry.Data);
        _byNodeId.Add(inode.NodeId, inode);
        if (entry.Attributes.LinkIdentity is not 0 and ulong link)
            _byLink[link] = inode;
        return inode;
    }

    /// <summary>The inode that another name of the same file, in the same generation, has.</summary>
    private Inode? FindLinked(DirectoryEntry entry) =>
        entry.Attributes.LinkIdentity is not 0 and ulong link && _byLink.TryGetValue(link, out Inode? inode)
        && inode.Data == entry.Data && inode.Attributes == entry.Attributes ? inode : null;

    /// <summary>A directory goes after its last child.</summary>
    private void DropIfUnused(Inode inode)
    {
        if (inode == Root || inode.Lookups > 0 || inode.Children.Count > 0 || !_byNodeId.Remove(inode.NodeId))
            return;
        Unlink(inode);
        foreach ((Inode directory, FileName name) in Names(inode))
        {
            directory.Children.Remove(name);
            DropIfUnused(directory);
        }
    }

    private void Unlink(Inode inode)
    {
        if (inode.Attributes.LinkIdentity is not 0 and ulong link && _byLink.GetValueOrDefault(link) == inode)
            _byLink.Remove(link);
    }

    /// <summary>The names that still lead to it.</summary>
    private static List<(Inode Directory, FileName Name)> Names(Inode inode)
    {
        List<(Inode Directory, FileName Name)> names = inode.OtherNames is { } others ? new(others) : [];
        if (inode.Parent is { } parent)
            names.Add((parent, inode.Name));
        names.RemoveAll(n => n.Directory.Children.GetValueOrDefault(n.Name) != inode);
        return names;
    }
}
