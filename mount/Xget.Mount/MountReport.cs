using System.Globalization;
using Xget.Content;
using Xget.Content.Cache;
using Xget.Fuse;
using Xget.Node;
using Xget.Node.Fetching;

namespace Xget.Mount;

/// <summary>What a mount tells of itself: in attributes (user.xget.*), and to <c>df</c>. Thread-safe.</summary>
internal sealed class MountReport(ClusterNode node, ContentCache cache, MountedRoot root, InodeTable inodes, Func<int> openFiles)
{
    private const string Cached = "cached";
    private const string Absent = "absent";

    /// <summary>The attributes of an inode that are not the master's.</summary>
    internal MagicXattrs AttributesOf(Inode inode)
    {
        (string, Func<string>)[] values = inode.Parent is null
            ? [("stats", Stats), ("generation", () => root.Generation.Root.ToString())]
            : inode.Attributes.Type == EntryType.Regular
                ? [("digest", () => inode.Data.Content.ToString()), ("state", () => State(inode.Data)), ("source", () => Source(inode.Data))]
                : [];
        return new MagicXattrs(values) { IsListedTo = Caller.IsViewer };
    }

    /// <summary>The size of the whole tree, all of it in use.</summary>
    internal FuseStatFs Sizes()
    {
        const uint BlockSize = 4096;
        return new FuseStatFs
        {
            BlockSize = BlockSize, FragmentSize = BlockSize, NameLength = FileName.MaxLength,
            Blocks = (root.Generation.Bytes + BlockSize - 1) / BlockSize, Files = (ulong)root.Generation.Files,
        };
    }

    /// <summary>How much of some bytes is here.</summary>
    private string State(DataReference data)
    {
        if (data.Length == 0)
            return Cached;
        if (node.Find(data.Content) is not { Store: { } store })
            return cache.IsComplete(data.Content) ? Cached : Absent;
        ChunkTable table = store.Table;
        int first = table.IndexOf(data.Offset);
        int last = table.IndexOf(data.Offset + data.Length - 1);
        int have = 0;
        for (int i = first; i <= last; i++)
            have += store.Map[i] ? 1 : 0;
        int all = last - first + 1;
        return have == all ? Cached : have == 0 ? Absent
            : string.Create(CultureInfo.InvariantCulture, $"partial {100L * have / all} %");
    }

    private string Source(DataReference data) => node.Find(data.Content) is { } transfer ? string.Join(' ', transfer.Sources()) : "";

    /// <summary>Figures, one <c>name value</c> a line: what <c>xget stats MOUNTPOINT</c> shows.</summary>
    private string Stats()
    {
        CacheStatistics kept = cache.Statistics;
        Counters moved = node.Counters;
        return string.Create(CultureInfo.InvariantCulture,
            $"generation {root.Generation.Number}\ncache-bytes {kept.Bytes}\ncache-contents {kept.Contents}\n" +
            $"cache-hits {kept.Hits}\ncache-misses {kept.Misses}\ncache-evicted {kept.Evicted}\ncache-corrupt {kept.CorruptFound}\n" +
            $"bytes-from-master {moved.FromMaster}\nbytes-from-workers {moved.FromWorkers}\nbytes-to-others {moved.ToOthers}\n" +
            $"retries {moved.Retries}\nchildren {node.Children}\nopen-files {openFiles()}\ninodes {inodes.Count}\n");
    }
}
