using Xget.Content;
using Xget.Fuse;

namespace Xget.Mount;

/// <summary>All inodes of a mount, by the numbers that the kernel uses. Thread-safe; its lock guards their fields.</summary>
internal sealed class InodeTable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, Inode> _byNodeId = [];
    private readonly Dictionary<ulong, Inode> _byLink = [];
    private ulong _lastNodeId = FuseFileSystem.RootId;

    internal InodeTable(EntryAttributes root, DataReference data)
    {
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
            // A file with several names may have been dropped while another of its directories still held it.
            if (!directory.Children.TryGetValue(entry.Name, out Inode? inode) || !_byNodeId.ContainsKey(inode.NodeId))
            {
                ulong link = entry.Attributes.LinkIdentity;
                if (link == 0 || !_byLink.TryGetValue(link, out inode) || inode.Data != entry.Data)
                {
                    inode = new Inode(++_lastNodeId, InoOf(directory, entry), directory, entry.Name, entry.Attributes, entry.Data);
                    _byNodeId.Add(inode.NodeId, inode);
                    if (link != 0)
                        _byLink[link] = inode;
                }
                directory.Children[entry.Name] = inode;
            }
            inode.Lookups++;
            return inode;
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
            // A directory goes after its last child.
            for (Inode? i = inode; i is not null && i != Root && i.Lookups == 0 && i.Children.Count == 0; i = i.Parent)
                Drop(i);
        }
    }

    /// <summary>Takes a name away from its inode, because a new generation has something else there. Under the lock.</summary>
    internal void Detach(Inode directory, FileName name, Inode inode)
    {
        directory.Children.Remove(name);
        if (inode.Attributes.LinkIdentity is not 0 and ulong link && _byLink.GetValueOrDefault(link) == inode)
            _byLink.Remove(link);
        if (inode.Lookups == 0 && inode.Children.Count == 0)
            _byNodeId.Remove(inode.NodeId);
    }

    internal int Count
    {
        get
        {
            lock (_gate)
                return _byNodeId.Count;
        }
    }

    private void Drop(Inode inode)
    {
        _byNodeId.Remove(inode.NodeId);
        if (inode.Attributes.LinkIdentity is not 0 and ulong link && _byLink.GetValueOrDefault(link) == inode)
            _byLink.Remove(link);
        if (inode.Parent is { } parent && parent.Children.GetValueOrDefault(inode.Name) == inode)
            parent.Children.Remove(inode.Name);
    }

    /// <summary>A stable number: of the path, or of the file's identity if it has several names. Never 0 or 1.</summary>
    private static ulong InoOf(Inode directory, DirectoryEntry entry)
    {
        ulong hash = entry.Attributes.LinkIdentity;
        if (hash == 0)
        {
            // FNV-1a, begun with the directory's number.
            hash = 0xcbf29ce484222325UL ^ (directory.Ino * 0x9E3779B97F4A7C15UL);
            foreach (byte b in entry.Name.Bytes)
                hash = (hash ^ b) * 0x100000001b3UL;
        }
        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdUL;
        hash ^= hash >> 33;
        return hash <= FuseFileSystem.RootId ? hash + 2 : hash;
    }
}
