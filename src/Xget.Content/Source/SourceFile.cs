using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Content;

/// <summary>A regular file of the exported tree, whatever number of names it has.</summary>
/// <remarks>Filled in while its generation is being published, unchanged afterwards.</remarks>
internal sealed class SourceFile(SourceTree tree, PublishedNode node, in RawStatus status)
{
    /// <summary>One of the file's names: where it is opened.</summary>
    public PublishedNode Node { get; } = node;

    public SourceIdentity Identity { get; } = SourceIdentity.Of(status);

    public bool MayHaveHoles { get; } = status.MayHaveHoles;

    public ulong Size => Identity.Size;

    /// <summary>Where the file's bytes are; set when they have been hashed or found in the index.</summary>
    public DataReference Data { get; set; }

    public uint Adler32 { get; set; } = Content.Adler32.Initial;

    /// <summary>The open descriptor, if there is one in the cache, which alone reads and writes this.</summary>
    public OpenSourceFile? Cached { get; set; }

    /// <summary>A pinned descriptor of the file as it was published, or ESTALE or another error.</summary>
    public Errno Acquire(out OpenSourceFile? open) => tree.Acquire(this, out open);

    /// <summary>A range of the file, which lies within its size.</summary>
    public ContentRange Read(ulong offset, int count)
    {
        var error = Acquire(out var open);
        return error != 0 ? ContentRange.Failed(error) : ContentRange.OfFile(open!.Handle, (long)offset, count, open);
    }
}
