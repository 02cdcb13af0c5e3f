using System.Collections.Immutable;

namespace Xget.Content;

/// <summary>What distinguishes one published tree from another. Immutable.</summary>
/// <remarks>
/// Entries of any type are counted, and what is in a directory that came or went. A directory itself counts as changed
/// by mode, owner or extended attributes, but not by what its entries did to its times and its number of links.
/// </remarks>
/// <param name="Added">Entries that are new.</param>
/// <param name="Removed">Entries that are gone.</param>
/// <param name="Changed">Entries of the same name and type with other bytes or attributes.</param>
/// <param name="First">
/// The first <see cref="MostNamed"/> of them, in the order of the tree: <c>added PATH</c>, <c>removed PATH</c> or
/// <c>changed PATH</c>, printable.
/// </param>
public sealed record TreeDifference(long Added, long Removed, long Changed, ImmutableArray<string> First)
{
    /// <summary>The most entries that are named.</summary>
    public const int MostNamed = 10;

    /// <summary>Entries that came, went or changed.</summary>
    public long Count => Added + Removed + Changed;

    /// <summary>Compares two trees; directories of which the objects are the same are not looked into.</summary>
    public static TreeDifference Between(PublishedNode before, PublishedNode after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        var count = new Comparison();
        count.Directories(before, after);
        return new TreeDifference(count.Added, count.Removed, count.Changed, [.. count.First]);
    }

    private sealed class Comparison
    {
        public long Added { get; private set; }

        public long Removed { get; private set; }

        public long Changed { get; private set; }

        public List<string> First { get; } = [];

        public void Directories(PublishedNode before, PublishedNode after)
        {
            if (before.Data == after.Data)
                return;
            if (!OwnOf(before).Equals(OwnOf(after)))
            {
                Changed++;
                Name("changed", after);
            }
            PublishedNode[] olds = before.Entries, news = after.Entries;
            for (int i = 0, j = 0; i < olds.Length || j < news.Length;)
            {
                var order = i == olds.Length ? 1 : j == news.Length ? -1 : olds[i].Name.CompareTo(news[j].Name);
                if (order == 0 && olds[i].Type == news[j].Type)
                    Entries(olds[i++], news[j++]);
                else if (order <= 0)
                    Went(olds[i++]);
                else
                    Came(news[j++]);
            }
        }

        private void Entries(PublishedNode before, PublishedNode after)
        {
            if (after.Type == EntryType.Directory)
            {
                Directories(before, after);
            }
            else if (!before.Attributes.Equals(after.Attributes) || HasOtherBytes(before, after))
            {
                Changed++;
                Name("changed", after);
            }
        }

        // A file in a pack moves with its neighbours: there the checksum tells, beside the times.
        private static bool HasOtherBytes(PublishedNode before, PublishedNode after) =>
            before.Adler32 != after.Adler32
            || (after.Attributes.Size > Packing.LargestSmallFile && before.Data != after.Data);

        private static EntryAttributes OwnOf(PublishedNode directory) => directory.Attributes with
        {
            Mtime = default, LinkCount = 2, Xattrs = LeftOut.Without(directory.Attributes.Xattrs),
        };

        private void Came(PublishedNode node)
        {
            Added++;
            Name("added", node);
            foreach (var entry in node.Entries)
                Came(entry);
        }

        private void Went(PublishedNode node)
        {
            Removed++;
            Name("removed", node);
            foreach (var entry in node.Entries)
                Went(entry);
        }

        private void Name(string what, PublishedNode node)
        {
            if (First.Count < MostNamed)
                First.Add($"{what} {node}");
        }
    }
}
