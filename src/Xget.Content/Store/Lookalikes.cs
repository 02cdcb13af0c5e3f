using System.Buffers;
using System.Text;

namespace Xget.Content.Store;

/// <summary>
/// The entries of a tree whose names differ from another's in the same directory only in case or in what stands at the end,
/// which some file systems ignore. Filled by one task, then only read.
/// </summary>
/// <remarks>It says where to look, no more: whether the destination takes two names for one is seen there.</remarks>
public sealed class Lookalikes
{
    private static readonly SearchValues<byte> s_plain = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_+=,~@#%."u8);

    private readonly HashSet<DestinationPath> _paths = [];

    /// <summary>Looks through a directory.</summary>
    public void Add(DestinationPath directory, ReadOnlySpan<DirectoryEntry> entries)
    {
        bool canBe = false;
        foreach (DirectoryEntry entry in entries)
            canBe |= !IsPlain(entry.Name);
        if (!canBe)
            return;
        Dictionary<string, FileName> names = [];
        foreach (DirectoryEntry entry in entries)
        {
            if (names.TryAdd(Fold(entry.Name), entry.Name))
                continue;
            _paths.Add(directory.Child(entry.Name));
            _paths.Add(directory.Child(names[Fold(entry.Name)]));
        }
    }

    /// <summary>Whether the tree has another entry of nearly that path.</summary>
    internal bool Contains(DestinationPath path) => _paths.Count > 0 && _paths.Contains(path);

    /// <summary>What is the same for names that look alike.</summary>
    internal static string Fold(FileName name) => Encoding.UTF8.GetString(name.Bytes).TrimEnd('.', ' ').ToUpperInvariant();

    /// <summary>Two plain names never look alike.</summary>
    private static bool IsPlain(FileName name) => name.Bytes[^1] != '.' && !name.Bytes.ContainsAnyExcept(s_plain);
}
