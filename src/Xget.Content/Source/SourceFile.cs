using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Content;

/// <summary>A regular file of the exported tree, whatever number of names it has.</summary>
/// <remarks>Filled in while its generation is being published, unchanged afterwards.</remarks>
internal sealed class SourceFile(SourceTree tree, PublishedNode node, in RawStatus status)
    : ContentFile(FileIdentity.Of(status))
{
    private IndexedContent? _hashed;
    private int _place;
    private ulong _start;

    private Recheck? _recheck;    // made when it is first needed, by whoever comes first

    /// <summary>One of the file's names: where it is opened.</summary>
    public PublishedNode Node { get; } = node;

    /// <summary>The tree that it is in.</summary>
    public SourceTree Tree => tree;

    public bool MayHaveHoles { get; } = status.MayHaveHoles;

    /// <summary>Where the file's bytes are; <c>default</c> until they have been hashed or found in the index.</summary>
    public DataReference Data => _hashed is null ? default : new DataReference(_hashed.Table.Content, _start, Size);

    public override ulong Start => _start;

    public uint Adler32 => _hashed?.Adlers[_place] ?? Content.Adler32.Initial;

    /// <summary>The digest of the file's bytes as a content of their own, if it is in a pack.</summary>
    public Digest? OwnDigest => _hashed?.OwnDigest(_place);

    /// <summary>
    /// Notes the content that holds the file, the file's place among those in it, and where its bytes begin.
    /// </summary>
    public void SetContent(IndexedContent hashed, int place, ulong start) =>
        (_hashed, _place, _start) = (hashed, place, start);

    /// <summary>The content that holds the file, from when it is known.</summary>
    public SourceContent? InContent { get; set; }

    public override bool Holds(in FileIdentity now) =>
        _recheck is { } recheck ? recheck.Holds(Identity, now) : base.Holds(now);

    /// <summary>
    /// Notes that a chunk which holds part of the file was right while the file's status was <paramref name="seen"/>, or
    /// changing if that is <c>default</c>.
    /// </summary>
    public void Verified(in FileIdentity seen, ChunkTable table, int chunk)
    {
        if (seen == default || Holds(seen))
            return;
        var (first, last) = (table.IndexOf(Start), table.IndexOf(Start + Size - 1));
        Recheck.Verified(seen, chunk - first, last - first + 1, tree.IsSettled(seen.Ctime));
    }

    /// <summary>The file's status is not trusted any more: each of its chunks is checked before it is given out.</summary>
    public void Doubt() => Recheck.Doubt();

    private Recheck Recheck => _recheck ?? Interlocked.CompareExchange(ref _recheck, new Recheck(), null) ?? _recheck;

    /// <summary>
    /// True if the file may have grown between the look at its size and its opening: what it had then is published.
    /// </summary>
    public bool MayGrow { get; set; }

    /// <summary>Opens the file to be hashed, beside the cache of those that are served.</summary>
    public Errno OpenToHash(out SafeFileHandle handle) => Stale(tree.OpenFile(Node, out handle));

    protected override OpenFileCache Cache => tree.OpenFiles;

    protected override Errno Open(out SafeFileHandle? handle) => tree.OpenFile(Node, out handle);
}
