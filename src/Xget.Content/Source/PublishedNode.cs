using System.Collections.Immutable;
using System.Text;
using Mono.Unix.Native;

namespace Xget.Content;

/// <summary>A file, directory or other entry of a published generation, with its place in the tree.</summary>
/// <remarks>Immutable once its generation is published; thread-safe.</remarks>
public sealed class PublishedNode : INamed
{
    private const int MaxCopied = 1 << 20;

    private DataReference _object;

    internal PublishedNode(PublishedNode? parent, FileName name, ulong id, EntryAttributes attributes)
    {
        Parent = parent;
        Name = name;
        Id = id;
        Attributes = attributes;
    }

    /// <summary>The name in the parent; empty for the root.</summary>
    public FileName Name { get; }

    /// <summary>The directory that holds this; null for the root.</summary>
    public PublishedNode? Parent { get; }

    /// <summary>
    /// A number from 1 to 2^56 - 1 that names of the same file share and nothing else in the generation has; mostly the
    /// source's inode number, and so the same after a restart.
    /// </summary>
    public ulong Id { get; internal set; }

    /// <summary>Type, mode, owner, times and so on.</summary>
    public EntryAttributes Attributes { get; internal set; }

    /// <summary>What this is.</summary>
    public EntryType Type => Attributes.Type;

    /// <summary>A directory's entries, sorted by the bytes of their names; empty for all others.</summary>
    public IReadOnlyList<PublishedNode> Children => Entries;

    /// <summary>Where the bytes are: a regular file's, or a directory's object.</summary>
    public DataReference Data => File?.Data ?? _object;

    /// <summary>The digest of a regular file's bytes as a content of their own; null for all others and without bytes.</summary>
    public Digest? OwnDigest => File is { Data.IsNone: false } file ? file.OwnDigest ?? file.Data.Content : null;

    /// <summary>A regular file's checksum; that of no bytes for all others.</summary>
    public uint Adler32 => File?.Adler32 ?? Content.Adler32.Initial;

    /// <summary>A symlink's target; empty for all others. Treat as read-only.</summary>
    public byte[] SymlinkTarget => Attributes.SymlinkTarget;

    /// <summary>Extended attributes, sorted by name.</summary>
    public ImmutableArray<Xattr> Xattrs => Attributes.Xattrs;

    /// <summary>The entry as it stands in the parent's directory object; made anew at each call.</summary>
    public DirectoryEntry Entry => new()
    {
        Name = Name, Attributes = Attributes, Data = Data, OwnDigest = File?.OwnDigest,
    };

    internal PublishedNode[] Entries { get; set; } = [];

    internal SourceFile? File { get; set; }

    /// <summary>The child of that name, or null; by binary search.</summary>
    public PublishedNode? Find(ReadOnlySpan<byte> name) => SortedNames.Find<PublishedNode>(Entries, name);

    /// <summary>
    /// Up to <paramref name="count"/> of a regular file's own bytes from <paramref name="offset"/>, cut at its end,
    /// and where it has changed at the chunk's. EISDIR for a directory, EINVAL for what has no bytes, ESTALE if the first
    /// of the bytes are not in the source any more.
    /// </summary>
    public ContentRange Read(ulong offset, int count)
    {
        if (File is null)
            return ContentRange.Failed(Type == EntryType.Directory ? Errno.EISDIR : Errno.EINVAL);
        if (count < 0)
            return ContentRange.Failed(Errno.EINVAL);
        if (offset >= File.Size || count == 0)
            return ContentRange.OfBytes(default);
        count = (int)Math.Min((ulong)count, File.Size - offset);
        var range = File.Read(offset, count);
        return range.Error == Errno.ESTALE && File.InContent is { } content
            ? content.ReadChecked(File.Start + offset, count)
            : range;
    }

    /// <summary>
    /// The same as <see cref="Read"/>, always in memory, and at most 1 MiB: the bytes are a copy that was right when it was
    /// made, for readers who verify nothing and whom a change of the file must not reach.
    /// </summary>
    public ContentRange ReadCopy(ulong offset, int count)
    {
        var range = Read(offset, Math.Min(count, MaxCopied));
        if (range.File is null)
            return range;
        var copy = new RentedBytes(range.Count);
        Errno error;
        using (range)
            error = range.CopyTo(copy.Memory.Span);
        if (error == 0)
            return ContentRange.OfBytes(copy.Memory, copy);
        copy.Dispose();
        return error == Errno.ESTALE ? File!.InContent!.ReadChecked(File.Start + offset, range.Count)
            : ContentRange.Failed(error);
    }

    /// <summary>The printable path below the root, "." for the root itself.</summary>
    public override string ToString()
    {
        if (Parent is null)
            return ".";
        var path = new StringBuilder();
        for (var node = this; node.Parent is not null; node = node.Parent)
            path.Insert(0, node.Name.ToString()).Insert(0, '/');
        return path.ToString(1, path.Length - 1);
    }

    internal void SetObject(DataReference reference) => _object = reference;
}
