namespace Xget.Content;

/// <summary>A directory object, which lives in memory.</summary>
internal sealed class DirectoryContent(ChunkTable table, byte[] encoded) : PublishedContent(table)
{
    private protected override ContentRange ReadWithin(ulong offset, int count) =>
        ContentRange.OfBytes(encoded.AsMemory((int)offset, count));
}
