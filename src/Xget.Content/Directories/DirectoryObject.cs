using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Xget.Content;

/// <summary>A directory as a content: its own attributes and its entries, in one canonical encoding.</summary>
/// <remarks>Immutable and thread-safe. Equal directories have equal bytes, hence one digest. See FORMATS.md.</remarks>
public sealed class DirectoryObject
{
    private DirectoryObject(EntryAttributes self, ImmutableArray<DirectoryEntry> entries) =>
        (Self, Entries) = (self, entries);

    /// <summary>The directory's own attributes.</summary>
    public EntryAttributes Self { get; }

    /// <summary>The entries, sorted by the bytes of their names, each name once.</summary>
    public ImmutableArray<DirectoryEntry> Entries { get; }

    /// <summary>A directory of <paramref name="entries"/>, which may come in any order.</summary>
    /// <exception cref="ArgumentException">Values that do not go together, or a name that comes twice.</exception>
    public static DirectoryObject Of(EntryAttributes self, IEnumerable<DirectoryEntry> entries)
    {
        ArgumentNullException.ThrowIfNull(self);
        DirectoryEntry[] sorted = [.. entries];
        Array.Sort(sorted, (a, b) => a.Name.CompareTo(b.Name));
        var reason = DirectoryRules.WhyNotSelf(self);
        for (var i = 0; i < sorted.Length && reason is null; i++)
            reason = i > 0 && sorted[i - 1].Name == sorted[i].Name
                ? "a name comes twice"
                : DirectoryRules.WhyNot(sorted[i]);
        return reason is null
            ? new DirectoryObject(self, ImmutableCollectionsMarshal.AsImmutableArray(sorted))
            : throw new ArgumentException(reason, nameof(entries));
    }

    /// <summary>False if bytes that begin so are no encoded directory, however they go on.</summary>
    public static bool MayBegin(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> magic = DirectoryWriter.Magic;
        int count = Math.Min(bytes.Length, magic.Length);
        return bytes[..count].SequenceEqual(magic[..count]);
    }

    /// <summary>Reads an encoded directory; says what is wrong with one that it refuses.</summary>
    /// <remarks>Any bytes may come: nothing is allocated on the word of a count that the bytes cannot back.</remarks>
    public static bool TryDecode(ReadOnlySpan<byte> encoded,
        [NotNullWhen(true)] out DirectoryObject? directory, [NotNullWhen(false)] out string? reason)
    {
        directory = null;
        var reader = new DirectoryReader(encoded);
        reason = reader.Read(out var self, out var entries);
        if (reason is null)
            directory = new DirectoryObject(self!, entries);
        return reason is null;
    }

    /// <summary>The canonical bytes.</summary>
    public byte[] Encode()
    {
        var encoded = new byte[DirectoryWriter.LengthOf(this)];
        var writer = new DirectoryWriter(encoded);
        writer.Write(this);
        return encoded;
    }

    /// <summary>The entry of that name, or null; by binary search.</summary>
    public DirectoryEntry? Find(ReadOnlySpan<byte> name) => SortedNames.Find<DirectoryEntry>(Entries.AsSpan(), name);

    /// <summary>How many entries come before that name.</summary>
    public int CountBefore(ReadOnlySpan<byte> name) => SortedNames.CountBefore<DirectoryEntry>(Entries.AsSpan(), name);
}
