namespace Xget.Node.Exporting;

/// <summary>What a control file is about: the key of its trees, and what people call it.</summary>
/// <param name="Key">A digest, or the path of a file of the paper's tree.</param>
/// <param name="Name">The path of a file with these bytes, for people.</param>
/// <param name="Size">Size in bytes.</param>
/// <param name="ChunkSize">Bytes of a chunk; 0 for a file of the paper's tree.</param>
internal readonly record struct ContentKey(object Key, string Name, ulong Size, int ChunkSize = 0);
