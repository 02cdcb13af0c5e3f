namespace Xget.Content;

/// <summary>Where an entry's bytes are: a range of a content. <c>default</c> for entries without bytes.</summary>
/// <param name="Content">The content's digest: a file's own, a pack's, or a directory object's.</param>
/// <param name="Offset">First byte within the content; 0 unless the content is a pack.</param>
/// <param name="Length">Bytes; a file's size, or a directory object's encoded size.</param>
public readonly record struct DataReference(Digest Content, ulong Offset, ulong Length)
{
    /// <summary>True for an entry that has no bytes anywhere.</summary>
    public bool IsNone => Length == 0;

    /// <summary>One past the last byte; only for a range that is within a content.</summary>
    internal ulong End => Offset + Length;

    /// <summary>True if the range does not reach beyond the end of a content of that size.</summary>
    internal bool IsWithin(ulong size) => Offset <= size && Length <= size - Offset;
}
