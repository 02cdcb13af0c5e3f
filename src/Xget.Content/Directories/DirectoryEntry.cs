namespace Xget.Content;

/// <summary>One entry of a directory object: a name, what it names, and where its bytes are. Immutable.</summary>
public sealed record DirectoryEntry : INamed
{
    private readonly Digest? _ownDigest;

    /// <summary>The name, unique in its directory.</summary>
    public required FileName Name { get; init; }

    /// <summary>Type, mode, owner, times and so on; for a directory the same as its object's own.</summary>
    public required EntryAttributes Attributes { get; init; }

    /// <summary>
    /// The bytes of a regular file that has any; the object of a directory; <c>default</c> for all others.
    /// </summary>
    public DataReference Data { get; init; }

    /// <summary>
    /// The digest of a regular file's bytes as a content of their own, whatever content they are read from: entries of
    /// which it and the size are equal have equal bytes. Null where the directory object does not tell it, as those of
    /// older masters do not for files in packs, and for what has no bytes.
    /// </summary>
    public Digest? OwnDigest
    {
        get => _ownDigest ?? (Type == EntryType.Regular && Data is { Length: > 0, Offset: 0 } ? Data.Content : null);
        init => _ownDigest = value;
    }

    /// <summary>The own digest as it stands in the directory object: only that of a file in a pack does.</summary>
    internal Digest? StatedOwnDigest => _ownDigest;

    /// <summary>What the entry is.</summary>
    public EntryType Type => Attributes.Type;
}
