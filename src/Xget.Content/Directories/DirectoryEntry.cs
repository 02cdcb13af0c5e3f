namespace Xget.Content;

/// <summary>One entry of a directory object: a name, what it names, and where its bytes are. Immutable.</summary>
public sealed record DirectoryEntry : INamed
{
    /// <summary>The name, unique in its directory.</summary>
    public required FileName Name { get; init; }

    /// <summary>Type, mode, owner, times and so on; for a directory the same as its object's own.</summary>
    public required EntryAttributes Attributes { get; init; }

    /// <summary>
    /// The bytes of a regular file that has any; the object of a directory; <c>default</c> for all others.
    /// </summary>
    public DataReference Data { get; init; }

    /// <summary>What the entry is.</summary>
    public EntryType Type => Attributes.Type;
}
