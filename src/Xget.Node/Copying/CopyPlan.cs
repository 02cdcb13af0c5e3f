using System.Collections.Immutable;
using Xget.Content;
using Xget.Content.Store;

namespace Xget.Node.Copying;

/// <summary>What a copy has to make, put together from verified directory objects. Filled by one task, then only read.</summary>
internal sealed class CopyPlan(CopyOptions options)
{
    private const ushort SetIds = 0xC00; // setuid and setgid

    private static ReadOnlySpan<byte> Capability => "security.capability"u8;

    /// <summary>Directories, each after the one it is in.</summary>
    internal List<(DestinationPath Path, EntryAttributes Attributes)> Directories { get; } = [];

    /// <summary>Regular files with bytes, by content: a large file, its duplicates, or the members of a pack.</summary>
    internal Dictionary<Digest, List<PackMember>> Contents { get; } = [];

    /// <summary>Empty files, symlinks, devices, fifos, sockets.</summary>
    internal List<(DestinationPath Path, EntryAttributes Attributes)> Others { get; } = [];

    /// <summary>Files with several names at the master, by their identity.</summary>
    internal Dictionary<ulong, LinkGroup> Links { get; } = [];

    /// <summary>Entries that contradict others.</summary>
    internal List<(DestinationPath Path, string Reason)> Wrong { get; } = [];

    /// <summary>What the master did not publish.</summary>
    internal LeftOutList LeftOut { get; } = new();

    /// <summary>The names that the copy uses for itself.</summary>
    internal OwnNames OwnNames { get; } = new();

    /// <summary>Entries that a file system may take for one another.</summary>
    internal Lookalikes Lookalikes { get; } = new();

    /// <summary>Names of regular files.</summary>
    internal long Files { get; private set; }

    /// <summary>Bytes of regular files; hard links count once.</summary>
    internal ulong Bytes { get; private set; }

    /// <summary>Adds a directory, after the one it is in.</summary>
    internal void AddDirectory(DestinationPath path, EntryAttributes attributes)
    {
        if (path.Parent is not null)
            OwnNames.Note(path);
        foreach (Xattr xattr in attributes.Xattrs)
        {
            if (!Content.LeftOut.XattrName.SequenceEqual(xattr.Name))
                continue;
            LeftOut.Add(path, xattr.Value);
            attributes = attributes with { Xattrs = attributes.Xattrs.Remove(xattr) };
            break;
        }
        Directories.Add((path, attributes));
    }

    /// <summary>Adds an entry that is no directory.</summary>
    internal void Add(DestinationPath path, DirectoryEntry entry)
    {
        if (options.NoDevices && entry.Type is EntryType.Character or EntryType.Block)
            return;
        OwnNames.Note(path);
        EntryAttributes a = options.NoSetuid ? WithoutPrivileges(entry.Attributes) : entry.Attributes;
        if (a.Type == EntryType.Regular)
            Files++;
        if (a.LinkIdentity != 0 && Links.TryGetValue(a.LinkIdentity, out LinkGroup? group))
        {
            if (group.Has(entry.Data, a))
                group.Others.Add(path);
            else
                Wrong.Add((path, $"the master says that it is the same file as {group.First}, which is another one"));
            return;
        }
        if (a.LinkIdentity != 0)
            Links.Add(a.LinkIdentity, new LinkGroup(path, entry.Data, a));
        if (a.Type != EntryType.Regular || a.Size == 0)
        {
            Others.Add((path, a));
            return;
        }
        Bytes += a.Size;
        if (!Contents.TryGetValue(entry.Data.Content, out List<PackMember>? members))
            Contents.Add(entry.Data.Content, members = []);
        members.Add(new PackMember(path, entry.Data, a));
    }

    private static EntryAttributes WithoutPrivileges(EntryAttributes attributes)
    {
        ImmutableArray<Xattr> xattrs = attributes.Xattrs;
        for (int i = xattrs.Length - 1; i >= 0; i--)
        {
            if (Capability.SequenceEqual(xattrs[i].Name))
                xattrs = xattrs.RemoveAt(i);
        }
        return (attributes.Mode & SetIds) == 0 && xattrs == attributes.Xattrs ? attributes
            : attributes with { Mode = (ushort)(attributes.Mode & ~SetIds), Xattrs = xattrs };
    }
}
