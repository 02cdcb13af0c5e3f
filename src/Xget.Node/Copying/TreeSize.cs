using Xget.Content;

namespace Xget.Node.Copying;

/// <summary>
/// How much a plan of a tree would take, reckoned from its distinct directory objects: one that stands in many places is
/// looked at once, so that a few objects that repeat cannot stand for more than is told here. All figures end at 2^63 - 1.
/// </summary>
/// <param name="Entries">Entries of all directories, the top itself included.</param>
/// <param name="Depth">Directories below one another, the top included.</param>
/// <param name="Memory">Bytes that a plan takes, as estimated.</param>
internal sealed record TreeSize(long Entries, int Depth, long Memory)
{
    /// <summary>A plan's objects for one entry, without its name, target and extended attributes.</summary>
    internal const int BytesPerEntry = 400;

    private const int BytesPerXattr = 100;

    /// <summary>The size of the tree below a directory, and of each directory in it. No recursion: a tree may be as deep as
    /// its objects are many.</summary>
    internal static TreeSize Of(DataReference top, Dictionary<DataReference, ReadDirectory> directories)
    {
        // An object names digests, so it cannot contain itself.
        Stack<ReadDirectory> open = [];
        open.Push(directories[top]);
        while (open.TryPeek(out ReadDirectory? at))
        {
            int before = open.Count;
            foreach (DirectoryEntry entry in at.Size is null ? at.Object.Entries : [])
            {
                if (entry.Type == EntryType.Directory && directories[entry.Data] is { Size: null } below)
                    open.Push(below);
            }
            if (open.Count > before)
                continue;
            at.Size ??= Sum(at.Object, directories);
            open.Pop();
        }
        return directories[top].Size!;
    }

    private static TreeSize Sum(DirectoryObject directory, Dictionary<DataReference, ReadDirectory> directories)
    {
        (long entries, int depth, long memory) = (1, 0, MemoryOf(directory.Self));
        foreach (DirectoryEntry entry in directory.Entries)
        {
            memory = Add(memory, entry.Name.Length);
            if (entry.Type != EntryType.Directory)
            {
                entries = Add(entries, 1);
                memory = Add(memory, MemoryOf(entry.Attributes));
                continue;
            }
            TreeSize below = directories[entry.Data].Size!;
            entries = Add(entries, below.Entries);
            memory = Add(memory, below.Memory);
            depth = Math.Max(depth, below.Depth);
        }
        return new(entries, depth + 1, memory);
    }

    private static long MemoryOf(EntryAttributes attributes)
    {
        long bytes = BytesPerEntry + attributes.SymlinkTarget.Length;
        foreach (Xattr xattr in attributes.Xattrs)
            bytes += xattr.Name.Length + xattr.Value.Length + BytesPerXattr;
        return bytes;
    }

    private static long Add(long one, long other) => one > long.MaxValue - other ? long.MaxValue : one + other;
}
