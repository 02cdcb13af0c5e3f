namespace Xget.Content;

/// <summary>Small files one after the other.</summary>
internal sealed class PackContent(ChunkTable table, SourceFile[] members) : PublishedContent(table)
{
    private readonly JoinedFiles _files = new(members);

    private protected override ContentRange ReadWithin(ulong offset, int count) => _files.Read(offset, count);
}
