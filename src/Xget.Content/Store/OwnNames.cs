using System.Globalization;
using System.Text;

namespace Xget.Content.Store;

/// <summary>
/// The names that a copy uses for itself in its destination, chosen so that the tree that is copied has none of them. The
/// same tree gives the same names, so that an interrupted copy finds what it left. Filled by one task.
/// </summary>
public sealed class OwnNames
{
    private readonly HashSet<uint> _partials = [];
    private readonly HashSet<uint> _temporaries = [];

    private static ReadOnlySpan<byte> Partial => ".xget-partial"u8;

    private static ReadOnlySpan<byte> Temporary => ".xget-tmp"u8;

    /// <summary>The name, in the root, of the directory for unfinished contents: <c>.xget-partial</c>, unless the tree has it.</summary>
    public FileName PartialName => FileName.Of(Encoding.UTF8.GetString(Partial) + Suffix(Free(_partials)));

    /// <summary>What temporary names beside final ones begin with; no name of the tree does.</summary>
    public byte[] TemporaryPrefix => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Temporary) + Suffix(Free(_temporaries)) + "-t");

    /// <summary>The tree has an entry of that path.</summary>
    public void Note(DestinationPath path)
    {
        ReadOnlySpan<byte> name = path.Name.Bytes;
        if (path.Parent?.Parent is null && name.StartsWith(Partial) && Number(name[Partial.Length..], out ReadOnlySpan<byte> rest) is { } partial
            && rest.IsEmpty)
            _partials.Add(partial);
        if (name.StartsWith(Temporary) && Number(name[Temporary.Length..], out rest) is { } temporary && rest.StartsWith("-t"u8))
            _temporaries.Add(temporary);
    }

    private static string Suffix(uint number) => number == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"-{number}");

    private static uint Free(HashSet<uint> taken)
    {
        uint number = 0;
        while (taken.Contains(number))
            number++;
        return number;
    }

    /// <summary>The number of a suffix and what follows it; null for what <see cref="Suffix"/> does not make.</summary>
    private static uint? Number(ReadOnlySpan<byte> suffix, out ReadOnlySpan<byte> rest)
    {
        rest = suffix;
        if (suffix.Length < 2 || suffix[0] != '-' || suffix[1] is < (byte)'1' or > (byte)'9')
            return 0;
        int end = suffix[1..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        ReadOnlySpan<byte> digits = end < 0 ? suffix[1..] : suffix[1..(1 + end)];
        rest = suffix[(1 + digits.Length)..];
        return uint.TryParse(digits, CultureInfo.InvariantCulture, out uint number) ? number : null;
    }
}
