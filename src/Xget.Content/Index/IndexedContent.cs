using System.Collections.Immutable;

namespace Xget.Content;

/// <summary>What hashing a content gives: its chunk table and the Adler-32 of each file in it. Immutable.</summary>
/// <param name="Table">The chunk table.</param>
/// <param name="Adlers">One checksum for each file, in their order.</param>
internal sealed record IndexedContent(ChunkTable Table, ImmutableArray<uint> Adlers);
