namespace Xget.Content.Store;

/// <summary>How much of a content an existing file of the destination has. Immutable.</summary>
/// <param name="IsRight">True if the file has exactly the content's bytes and can stay.</param>
/// <param name="Chunks">The chunks that it has right; null if there is no regular file that can be read.</param>
public sealed record FileCheck(bool IsRight, ChunkMap? Chunks);
