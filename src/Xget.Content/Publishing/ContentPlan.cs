namespace Xget.Content;

/// <summary>A content that is to be: one file, or the members of a pack in their order.</summary>
internal sealed class ContentPlan(SourceFile[] members, FileSystems fileSystems)
{
    public SourceFile[] Members { get; } = members;

    public ulong Size { get; } = members.Aggregate(0UL, (sum, file) => sum + file.Size);

    /// <summary>The key in the digest index: it names the files' states, not their bytes.</summary>
    public Digest IndexKey { get; } = KeyOf(members, fileSystems);

    /// <summary>Notes where the files' bytes are, and gives what serves them.</summary>
    public PublishedContent Complete(IndexedContent hashed)
    {
        var content = new SourceContent(hashed.Table, Members[0].Tree, Members);
        ulong offset = 0;
        for (var i = 0; i < Members.Length; i++)
        {
            Members[i].SetContent(hashed, i, offset);
            Members[i].InContent = content;
            offset += Members[i].Size;
        }
        return content;
    }

    private static Digest KeyOf(SourceFile[] members, FileSystems fileSystems)
    {
        var hash = new Blake3();
        Span<byte> identity = stackalloc byte[FileIdentity.EncodedLength];
        foreach (var file in members)
        {
            fileSystems.Lasting(file.Identity).CopyTo(identity);
            hash.Append(identity);
        }
        return hash.Finish();
    }
}
