using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Content.Linux;

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

    /// <summary>True if a file that is <paramref name="now"/> has the bytes that this had.</summary>
    public virtual bool Holds(in FileIdentity now) => _identity.Holds(now);

    /// <summary>
    /// Reads what is under the file's name now, whatever it is: the status under which all of it was read, or
    /// <c>default</c> if that changed meanwhile. ESTALE if there is no such file, or it is shorter.
    /// </summary>
    public Errno ReadAsItIs(long offset, Span<byte> bytes, out FileIdentity seen)
    {
        seen = default;
        var error = Open(out var handle);
        if (error != 0)
            return Stale(error);
        using (handle)
        {
            RawStatus after = default;
            error = FileCalls.Status(handle!, out var before);
            if (error != 0)
                return error;
            if (before.Type != EntryType.Regular || before.Size < Size)
                return Errno.ESTALE;
            error = FileCalls.ReadExactly(handle!, offset, bytes);
            if (error == 0)
                error = FileCalls.Status(handle!, out after);
            if (error == 0 && FileIdentity.Of(before) == FileIdentity.Of(after))
                seen = FileIdentity.Of(after);
            return error;
        }
    }

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
