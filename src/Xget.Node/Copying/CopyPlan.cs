using Xget.Content;
using Xget.Content.Store;

namespace Xget.Node.Copying;

/// <summary>What a copy has to make, put together from verified directory objects. Filled by one task, then only read.</summary>
internal sealed class CopyPlan
{
    private readonly Dictionary<ulong, DestinationPath> _firstNames = [];

    /// <summary>Directories, each after the one it is in.</summary>
    internal List<(DestinationPath Path, EntryAttributes Attributes)> Directories { get; } = [];

    /// <summary>Regular files with bytes, by content: a large file, its duplicates, or the members of a pack.</summary>
    internal Dictionary<Digest, List<PackMember>> Contents { get; } = [];

    /// <summary>Empty files, symlinks, devices, fifos, sockets.</summary>
    internal List<(DestinationPath Path, EntryAttributes Attributes)> Others { get; } = [];

    /// <summary>Further names of files.</summary>
    internal List<(DestinationPath Path, DestinationPath Existing)> Links { get; } = [];

    /// <summary>Names of regular files.</summary>
    internal long Files { get; private set; }

    /// <summary>Bytes of regular files; hard links count once.</summary>
    internal ulong Bytes { get; private set; }

    /// <summary>Adds an entry that is no directory.</summary>
    internal void Add(DestinationPath path, DirectoryEntry entry)
    {
        EntryAttributes a = entry.Attributes;
        if (a.Type == EntryType.Regular)
            Files++;
        if (a.LinkIdentity != 0 && !_firstNames.TryAdd(a.LinkIdentity, path))
        {
            Links.Add((path, _firstNames[a.LinkIdentity]));
            return;
        }
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
}
