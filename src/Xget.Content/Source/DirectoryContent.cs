namespace Xget.Content;

/// <summary>One or more directory objects, which live in memory.</summary>
internal sealed class DirectoryContent(ChunkTable table, byte[] encoded) : PublishedContent(table)
{
    private protected override ContentRange ReadWithin(ulong offset, int count) =>
        ContentRange.OfBytes(encoded.AsMemory((int)offset, count));
}
