namespace Xget.Content;

/// <summary>Something that has a name in a directory.</summary>
internal interface INamed
{
    FileName Name { get; }
}

/// <summary>Finding a name among entries that are sorted by the bytes of their names.</summary>
internal static class SortedNames
{
    /// <summary>The entry of that name, or null; by binary search.</summary>
    public static T? Find<T>(ReadOnlySpan<T> sorted, ReadOnlySpan<byte> name)
        where T : class, INamed
    {
        var (low, high) = (0, sorted.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = sorted[middle].Name.Bytes.SequenceCompareTo(name);
            if (order == 0)
                return sorted[middle];
            if (order < 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return null;
    }
}
