namespace Xget.Content;

/// <summary>Builds the directory objects from the leaves to the root, packs them, and counts.</summary>
/// <remarks>
/// A directory object names the contents of those below it, so it can only be packed after them: directories of equal
/// height share packs, in the order of the tree. A pack ends when it has reached 4 MiB, or after an object the CRC-32C of
/// which is a multiple of 1024, so that a change moves only its neighbourhood. The root is the only one of its height.
/// </remarks>
internal sealed class TreeAssembly(Dictionary<Digest, PublishedContent> contents)
{
    public const uint BoundaryMask = 1023;

    private readonly HashSet<SourceFile> _met = [];
    private readonly List<List<PublishedNode>> _byHeight = [];
    private readonly List<PublishedNode> _pack = [];
    private readonly List<byte[]> _objects = [];
    private long _packed;

    public long Files { get; private set; }

    public long Directories { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Completes the root and all below; false if a directory has more entries than an object can hold.</summary>
    public bool Build(PublishedNode root)
    {
        Visit(root);
        foreach (var height in _byHeight)
        {
            foreach (var directory in height)
            {
                if (!Add(directory))
                    return false;
            }
            Close();
        }
        return true;
    }

    /// <summary>Counts what is below a directory, and notes its height: 0 if it has no directories in it.</summary>
    private int Visit(PublishedNode directory)
    {
        uint subdirectories = 0;
        var height = 0;
        foreach (var node in directory.Entries)
        {
            if (node.Type == EntryType.Directory)
            {
                subdirectories++;
                height = Math.Max(height, Visit(node) + 1);
            }
            else if (node.File is { } file)
            {
                Files++;
                if (_met.Add(file))
                    Bytes += (long)file.Size;
            }
        }
        Directories++;
        directory.Attributes = directory.Attributes with { LinkCount = 2 + subdirectories };
        while (_byHeight.Count <= height)
            _byHeight.Add([]);
        _byHeight[height].Add(directory);
        return height;
    }

    private bool Add(PublishedNode directory)
    {
        var made = DirectoryObject.Of(directory.Attributes, Array.ConvertAll(directory.Entries, node => node.Entry));
        if (DirectoryWriter.LengthOf(made) > Array.MaxLength)
            return false;
        var encoded = made.Encode();
        if (_packed + encoded.Length > Array.MaxLength)
            Close();
        _pack.Add(directory);
        _objects.Add(encoded);
        _packed += encoded.Length;
        if (_packed >= (long)Packing.FullPack || (Crc32C.Of(encoded) & BoundaryMask) == 0)
            Close();
        return true;
    }

    private void Close()
    {
        if (_pack.Count == 0)
            return;
        var bytes = new byte[_packed];
        var offset = 0;
        foreach (var encoded in _objects)
        {
            encoded.CopyTo(bytes, offset);
            offset += encoded.Length;
        }
        var table = ChunkTable.Of(bytes);
        offset = 0;
        for (var i = 0; i < _objects.Count; i++)
        {
            _pack[i].SetObject(new DataReference(table.Content, (ulong)offset, (ulong)_objects[i].Length));
            offset += _objects[i].Length;
        }
        contents.TryAdd(table.Content, new DirectoryContent(table, bytes));
        _pack.Clear();
        _objects.Clear();
        _packed = 0;
    }
}
