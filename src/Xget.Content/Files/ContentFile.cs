using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Content;

/// <summary>
/// A regular file whose bytes are a run of a content. It is opened when it is read, and read only while it is what it
/// was.
/// </summary>
internal abstract class ContentFile(in FileIdentity identity)
{
    private readonly FileIdentity _identity = identity;

    public ref readonly FileIdentity Identity => ref _identity;

    public ulong Size => _identity.Size;

    /// <summary>Where in the content the file's bytes begin.</summary>
    public abstract ulong Start { get; }

    /// <summary>The open descriptor, if there is one in the cache, which alone reads and writes this.</summary>
    public CachedFile? Cached { get; set; }

    protected abstract OpenFileCache Cache { get; }

    /// <summary>A pinned descriptor; ESTALE if what is found is not the file that it was, or another error.</summary>
    public Errno Acquire(out CachedFile? open)
    {
        open = Cache.Take(this);
        if (open is null)
        {
            var error = Open(out var handle);
            if (error != 0)
                return Stale(error);
            open = Cache.Add(this, handle!);
        }
        var check = open.Check();
        if (check == 0)
            return 0;
        open.Dispose();
        open = null;
        return check;
    }

    /// <summary>A range of the file, which lies within its size.</summary>
    public ContentRange Read(ulong offset, int count)
    {
        var error = Acquire(out var open);
        return error != 0 ? ContentRange.Failed(error) : ContentRange.OfFile(open!.Handle, (long)offset, count, open);
    }

    /// <summary>What failed opening: ESTALE if something else, or nothing, is under the name.</summary>
    protected static Errno Stale(Errno error) =>
        error is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP or Errno.EXDEV or Errno.ENXIO ? Errno.ESTALE : error;

    /// <summary>Opens whatever is under the file's name now, following no symlink and waiting for nobody.</summary>
    protected abstract Errno Open(out SafeFileHandle? handle);
}
