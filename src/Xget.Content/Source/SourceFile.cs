using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Content;

/// <summary>A regular file of the exported tree, whatever number of names it has.</summary>
/// <remarks>Filled in while its generation is being published, unchanged afterwards.</remarks>
internal sealed class SourceFile(SourceTree tree, PublishedNode node, in RawStatus status)
    : ContentFile(FileIdentity.Of(status))
{
    /// <summary>One of the file's names: where it is opened.</summary>
    public PublishedNode Node { get; } = node;

    public bool MayHaveHoles { get; } = status.MayHaveHoles;

    /// <summary>Where the file's bytes are; set when they have been hashed or found in the index.</summary>
    public DataReference Data { get; set; }

    public override ulong Start => Data.Offset;

    public uint Adler32 { get; set; } = Content.Adler32.Initial;

    /// <summary>
    /// True if the file may have grown between the look at its size and its opening: what it had then is published.
    /// </summary>
    public bool MayGrow { get; set; }

    /// <summary>Opens the file to be hashed, beside the cache of those that are served.</summary>
    public Errno OpenToHash(out SafeFileHandle handle) => Stale(tree.OpenFile(Node, out handle));

    protected override OpenFileCache Cache => tree.OpenFiles;

    protected override Errno Open(out SafeFileHandle? handle) => tree.OpenFile(Node, out handle);
}
