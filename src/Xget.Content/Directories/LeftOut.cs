using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Xget.Content;

/// <summary>
/// The extended attribute by which a directory's own attributes say which of its entries the master did not publish.
/// </summary>
/// <remarks>
/// Its value is text: a line <c>NAME: REASON</c> for each of the first entries, sorted, 4096 bytes
/// at most, and <c>and N more</c> for the rest. Names are as <see cref="FileName.ToString"/> gives them, so a line has no
/// control characters.
/// </remarks>
public static class LeftOut
{
    /// <summary>The most bytes in the lines that name entries.</summary>
    public const int MaxNamedBytes = 4096;

    /// <summary>What the lines of <see cref="Generation.Warnings"/> begin with that tell of such an entry.</summary>
    public const string LinePrefix = "left out: ";

    private const string MorePrefix = "and ";
    private const string MoreSuffix = " more";

    /// <summary>The attribute's name.</summary>
    public static ReadOnlySpan<byte> XattrName => "user.xget.left_out"u8;

    /// <summary>The attribute's value for entries, each as <see cref="LineOf"/> gives it, in any order.</summary>
    public static byte[] Format(IEnumerable<string> lines)
    {
        List<string> sorted = [.. lines];
        sorted.Sort(StringComparer.Ordinal);
        var text = new StringBuilder();
        var room = MaxNamedBytes;
        long more = 0;
        foreach (var line in sorted)
        {
            var length = Encoding.UTF8.GetByteCount(line) + 1;
            if (more > 0 || length > room)
            {
                more++;
                continue;
            }
            text.Append(line).Append('\n');
            room -= length;
        }
        if (more > 0)
            text.Append(CultureInfo.InvariantCulture, $"{MorePrefix}{more}{MoreSuffix}\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>The line for one entry, without its end.</summary>
    public static string LineOf(FileName name, string reason) =>
        $"{name}: {FileName.Printable(Encoding.UTF8.GetBytes(reason))}";

    /// <summary>Reads a value, whoever made it: what is not printable is escaped, and nothing is refused.</summary>
    /// <returns>The lines that name entries, and the number of all entries, named or not.</returns>
    public static (ImmutableArray<string> Lines, long Count) Parse(ReadOnlySpan<byte> value)
    {
        var lines = ImmutableArray.CreateBuilder<string>();
        long more = 0;
        while (value.Length > 0)
        {
            var end = value.IndexOf((byte)'\n');
            var line = FileName.PrintableLine(end < 0 ? value : value[..end]);
            value = end < 0 ? default : value[(end + 1)..];
            if (value.IsEmpty && MoreIn(line) is { } count)
                more = count;
            else if (line.Length > 0)
                lines.Add(line);
        }
        return (lines.ToImmutable(), lines.Count + more);
    }

    /// <summary>
    /// The attributes of a directory of the source without one of this name, which is not the master's word.
    /// </summary>
    internal static ImmutableArray<Xattr> Without(ImmutableArray<Xattr> xattrs)
    {
        foreach (var xattr in xattrs)
        {
            if (xattr.Name.AsSpan().SequenceEqual(XattrName))
                return xattrs.Remove(xattr);
        }
        return xattrs;
    }

    // At most 2^32 - 1, which is the most entries that a directory object can have.
    private static uint? MoreIn(string line) =>
        line.StartsWith(MorePrefix, StringComparison.Ordinal) && line.EndsWith(MoreSuffix, StringComparison.Ordinal)
        && line.Length > MorePrefix.Length + MoreSuffix.Length
        && uint.TryParse(line.AsSpan(MorePrefix.Length..^MoreSuffix.Length), NumberStyles.None,
            CultureInfo.InvariantCulture, out var count)
            ? count : null;
}
