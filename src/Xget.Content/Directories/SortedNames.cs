namespace Xget.Content;

/// <summary>Something that has a name in a directory.</summary>
internal interface INamed
{
    FileName Name { get; }
}

/// <summary>Finding a name among entries that are sorted by the bytes of their names.</summary>
internal static class SortedNames
{
    /// <summary>The entry of that name, or null.</summary>
    public static T? Find<T>(ReadOnlySpan<T> sorted, ReadOnlySpan<byte> name)
        where T : class, INamed
    {
        var at = CountBefore(sorted, name);
        return at < sorted.Length && sorted[at].Name.Bytes.SequenceEqual(name) ? sorted[at] : null;
    }

    /// <summary>How many entries come before that name; by binary search.</summary>
    public static int CountBefore<T>(ReadOnlySpan<T> sorted, ReadOnlySpan<byte> name)
        where T : class, INamed
    {
        var (low, high) = (0, sorted.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (sorted[middle].Name.Bytes.SequenceCompareTo(name) < 0)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
