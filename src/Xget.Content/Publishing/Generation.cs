using System.Collections.Immutable;

namespace Xget.Content;

/// <summary>One published state of the whole exported tree. Immutable and thread-safe.</summary>
/// <remarks>
/// Disposing it closes the descriptors that nobody reads; reads that come later still work, only slower.
/// </remarks>
public sealed class Generation : IDisposable
{
    private readonly Dictionary<Digest, PublishedContent> _contents;
    private readonly SourceTree _source;

    internal Generation(ulong number, DateTimeOffset published, PublishedNode tree, SourceTree source,
        Dictionary<Digest, PublishedContent> contents, ImmutableArray<string> warnings)
    {
        Number = number;
        Published = published;
        Tree = tree;
        Warnings = warnings;
        _contents = contents;
        _source = source;
    }

    /// <summary>The number that the publisher gave it.</summary>
    public ulong Number { get; }

    /// <summary>The digest of the root directory's object, on which everything below depends.</summary>
    public Digest Root => Tree.Data.Content;

    /// <summary>When publishing was complete.</summary>
    public DateTimeOffset Published { get; }

    /// <summary>The root directory.</summary>
    public PublishedNode Tree { get; }

    /// <summary>Names of regular files; a hard link counts as often as it has names.</summary>
    public long Files { get; internal init; }

    /// <summary>Directories, with the root.</summary>
    public long Directories { get; internal init; }

    /// <summary>Bytes in regular files; a hard-linked file counts once.</summary>
    public long Bytes { get; internal init; }

    /// <summary>
    /// Entries of the source that are not in the tree, or not with all that is in them; each directory names its own
    /// (<see cref="Content.LeftOut"/>).
    /// </summary>
    public long LeftOut { get; internal init; }

    /// <summary>What was left out, and why, in printable lines.</summary>
    public ImmutableArray<string> Warnings { get; }

    /// <summary>
    /// The generation with the same root that <paramref name="before"/> is, its number and its time, but with the files
    /// as they are now: the same bytes under other identities.
    /// </summary>
    /// <exception cref="ArgumentException">The roots differ.</exception>
    public Generation Renewing(Generation before)
    {
        ArgumentNullException.ThrowIfNull(before);
        return before.Root == Root
            ? new Generation(before.Number, before.Published, Tree, _source, _contents, Warnings)
            {
                Files = Files, Directories = Directories, Bytes = Bytes, LeftOut = LeftOut,
            }
            : throw new ArgumentException("another root", nameof(before));
    }

    /// <summary>The digests of all contents: files, packs, directory objects.</summary>
    public IReadOnlyCollection<Digest> Contents => _contents.Keys;

    /// <summary>The content of that digest, or null if this generation has none.</summary>
    public PublishedContent? Find(Digest content) => _contents.GetValueOrDefault(content);

    /// <inheritdoc/>
    public void Dispose() => _source.CloseIdle();
}
