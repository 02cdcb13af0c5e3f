using System.Collections.Immutable;

namespace Xget.Content;

/// <summary>
/// What hashing a content gives: its chunk table, and of each file in it the Adler-32 and the own digest. Immutable.
/// </summary>
/// <param name="Table">The chunk table.</param>
/// <param name="Adlers">One checksum for each file, in their order.</param>
/// <param name="OwnDigests">
/// The digest of each file as a content of its own, in their order; empty for a content that is one file.
/// </param>
internal sealed record IndexedContent(
    ChunkTable Table, ImmutableArray<uint> Adlers, ImmutableArray<Digest> OwnDigests)
{
    /// <summary>A content that is one file.</summary>
    public IndexedContent(ChunkTable table, uint adler)
        : this(table, [adler], [])
    {
    }

    /// <summary>The digest of a file as a content of its own; null for a file that is the whole content.</summary>
    public Digest? OwnDigest(int file) => OwnDigests.IsEmpty ? null : OwnDigests[file];
}
