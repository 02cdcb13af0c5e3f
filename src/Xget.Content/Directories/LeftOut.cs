using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Xget.Content;

/// <summary>
/// The extended attribute by which a directory's own attributes say which of its entries the master did not publish.
/// </summary>
/// <remarks>
/// Its value is text: a line <c>NAME: REASON</c> for each of the first entries, in the order of their names, 4096 bytes
/// at most, and <c>and N more</c> for the rest. Names are as <see cref="FileName.ToString"/> gives them, so a line has no
/// control characters.
/// </remarks>
public static class LeftOut
{
    /// <summary>The most bytes in the lines that name entries.</summary>
    public const int MaxNamedBytes = 4096;

    private const string MorePrefix = "and ";
    private const string MoreSuffix = " more";

    /// <summary>The attribute's name.</summary>
    public static ReadOnlySpan<byte> XattrName => "user.xget.left_out"u8;

    /// <summary>The attribute's value for these entries, in any order; a name that comes twice counts once.</summary>
    public static byte[] Format(IEnumerable<KeyValuePair<FileName, string>> entries)
    {
        var text = new StringBuilder();
        var room = MaxNamedBytes;
        long more = 0;
        foreach (var (name, reason) in new SortedDictionary<FileName, string>(FirstOfEach(entries)))
        {
            var line = $"{name}: {FileName.Printable(Encoding.UTF8.GetBytes(reason))}\n";
            var length = Encoding.UTF8.GetByteCount(line);
            if (more > 0 || length > room)
            {
                more++;
                continue;
            }
            text.Append(line);
            room -= length;
        }
        if (more > 0)
            text.Append(CultureInfo.InvariantCulture, $"{MorePrefix}{more}{MoreSuffix}\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Reads a value, whoever made it: what is not printable is escaped, and nothing is refused.</summary>
    /// <returns>The lines that name entries, and the number of all entries, named or not.</returns>
    public static (ImmutableArray<string> Lines, long Count) Parse(ReadOnlySpan<byte> value)
    {
        var lines = ImmutableArray.CreateBuilder<string>();
        long more = 0;
        while (value.Length > 0)
        {
            var end = value.IndexOf((byte)'\n');
            var line = Printable(end < 0 ? value : value[..end]);
            value = end < 0 ? default : value[(end + 1)..];
            if (value.IsEmpty && MoreIn(line) is { } count)
                more = count;
            else if (line.Length > 0)
                lines.Add(line);
        }
        return (lines.ToImmutable(), lines.Count + more);
    }

    private static Dictionary<FileName, string> FirstOfEach(IEnumerable<KeyValuePair<FileName, string>> entries)
    {
        var first = new Dictionary<FileName, string>();
        foreach (var (name, reason) in entries)
            first.TryAdd(name, reason);
        return first;
    }

    // At most 2^32 - 1, which is the most entries that a directory object can have.
    private static uint? MoreIn(string line) =>
        line.StartsWith(MorePrefix, StringComparison.Ordinal) && line.EndsWith(MoreSuffix, StringComparison.Ordinal)
        && line.Length > MorePrefix.Length + MoreSuffix.Length
        && uint.TryParse(line.AsSpan(MorePrefix.Length..^MoreSuffix.Length), NumberStyles.None,
            CultureInfo.InvariantCulture, out var count)
            ? count : null;

    // The backslashes of a name's escapes stay as they are.
    private static string Printable(ReadOnlySpan<byte> line)
    {
        var text = new StringBuilder(line.Length);
        while (line.IndexOf((byte)'\\') is var slash and >= 0)
        {
            text.Append(FileName.Printable(line[..slash])).Append('\\');
            line = line[(slash + 1)..];
        }
        return text.Append(FileName.Printable(line)).ToString();
    }
}
