namespace Xget.Content;

/// <summary>The bytes of one file, served from its descriptor.</summary>
internal sealed class WholeFileContent(ChunkTable table, SourceFile file) : PublishedContent(table)
{
    private protected override ContentRange ReadWithin(ulong offset, int count) => file.Read(offset, count);
}
