namespace Xget.Content.Cache;

/// <summary>A content found in the cache's directory, by which eviction decides. Immutable.</summary>
/// <param name="Content">Whose files they are.</param>
/// <param name="Bytes">What both files take on disk.</param>
/// <param name="LastUse">When it was last opened or closed.</param>
internal sealed record CachedObject(Digest Content, long Bytes, Timestamp LastUse)
{
    /// <summary>Orders by use, the least recent first.</summary>
    public static int ByUse(CachedObject left, CachedObject right) => left.LastUse != right.LastUse
        ? left.LastUse.CompareTo(right.LastUse) : left.Content.CompareTo(right.Content);
}
