namespace Xget.Content;

/// <summary>Builds the directory objects from the leaves to the root, and counts.</summary>
internal sealed class TreeAssembly(Dictionary<Digest, PublishedContent> contents)
{
    private readonly HashSet<SourceFile> _met = [];

    public long Files { get; private set; }

    public long Directories { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Completes a directory and all below; false if one has more entries than an object can hold.</summary>
    public bool Build(PublishedNode directory)
    {
        uint subdirectories = 0;
        foreach (var node in directory.Entries)
        {
            if (node.Type == EntryType.Directory)
            {
                subdirectories++;
                if (!Build(node))
                    return false;
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
        var made = DirectoryObject.Of(directory.Attributes, directory.Entries.Select(node => node.Entry));
        if (DirectoryWriter.LengthOf(made) > Array.MaxLength)
            return false;
        var encoded = made.Encode();
        var table = ChunkTable.Of(encoded);
        directory.SetObject(table.Content, table.Size);
        contents.TryAdd(table.Content, new DirectoryContent(table, encoded));
        return true;
    }
}
