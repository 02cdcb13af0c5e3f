using Xget.Content;

namespace Xget.Node.Copying;

/// <summary>
/// How much a plan of a tree would take, reckoned from its distinct directory objects: one that stands in many places is
/// looked at once, so that a few objects that repeat cannot stand for more than is told here. All figures end at 2^63 - 1.
/// </summary>
/// <param name="Entries">Entries of all directories, the top itself included.</param>
/// <param name="Depth">Directories below one another, the top included.</param>
/// <param name="Memory">Bytes that a plan takes, as estimated.</param>
internal readonly record struct TreeSize(long Entries, int Depth, long Memory)
{
    /// <summary>A plan's objects for one entry, without its name, target and extended attributes.</summary>
    internal const int BytesPerEntry = 400;

    /// <summary>Bytes of one entry in a plan, as estimated.</summary>
    internal static long MemoryOf(EntryAttributes attributes, int nameLength)
    {
        long bytes = BytesPerEntry + nameLength + attributes.SymlinkTarget.Length;
        foreach (Xattr xattr in attributes.Xattrs)
            bytes += xattr.Name.Length + xattr.Value.Length + 100;
        return bytes;
    }

    /// <summary>The size of the tree below a directory. No recursion: a tree may be as deep as its objects are many.</summary>
    /// <param name="top">The directory.</param>
    /// <param name="objects">All directory objects of the tree.</param>
    /// <param name="sizes">Sizes that are known already; those that are found are added.</param>
    internal static TreeSize Of(DataReference top, Dictionary<DataReference, DirectoryObject> objects,
        Dictionary<DataReference, TreeSize> sizes)
    {
        // An object names digests, so it cannot contain itself.
        Stack<DataReference> open = new([top]);
        while (open.TryPeek(out DataReference at))
        {
            bool isReady = true;
            foreach (DirectoryEntry entry in sizes.ContainsKey(at) ? [] : objects[at].Entries)
            {
                if (entry.Type == EntryType.Directory && !sizes.ContainsKey(entry.Data))
                {
                    open.Push(entry.Data);
                    isReady = false;
                }
            }
            if (!isReady)
                continue;
            sizes.TryAdd(at, Sum(objects[at], sizes));
            open.Pop();
        }
        return sizes[top];
    }

    private static TreeSize Sum(DirectoryObject directory, Dictionary<DataReference, TreeSize> sizes)
    {
        (long entries, int depth, long memory) = (1, 0, MemoryOf(directory.Self, 0));
        foreach (DirectoryEntry entry in directory.Entries)
        {
            TreeSize size = entry.Type == EntryType.Directory
                ? sizes[entry.Data] : new(1, 0, MemoryOf(entry.Attributes, entry.Name.Length));
            entries = Add(entries, size.Entries);
            memory = Add(memory, Add(size.Memory, entry.Name.Length));
            depth = Math.Max(depth, size.Depth);
        }
        return new(entries, depth + 1, memory);
    }

    private static long Add(long one, long other) => one > long.MaxValue - other ? long.MaxValue : one + other;
}
