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

    /// <summary>One of the file's names: where it is opened.</summary>
    public PublishedNode Node { get; } = node;

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

    protected override OpenFileCache Cache => tree.OpenFiles;

    protected override Errno Open(out SafeFileHandle? handle) => tree.OpenFile(Node, out handle);
}
