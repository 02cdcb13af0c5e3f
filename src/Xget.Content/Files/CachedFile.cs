using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Content;

/// <summary>A descriptor that all who read the file share; each holds one reference and disposes it once.</summary>
internal sealed class CachedFile : IDisposable
{
    private readonly OpenFileCache _cache;

    public CachedFile(OpenFileCache cache, ContentFile file, SafeFileHandle handle)
    {
        _cache = cache;
        File = file;
        Handle = handle;
        Place = new LinkedListNode<CachedFile>(this);
    }

    public ContentFile File { get; }

    public SafeFileHandle Handle { get; }

    /// <summary>Readers; guarded by the cache.</summary>
    public int References { get; set; }

    /// <summary>The place among the cache's idle descriptors.</summary>
    public LinkedListNode<CachedFile> Place { get; }

    /// <summary>0 while the open file is exactly what it was when its bytes were verified, else ESTALE.</summary>
    public Errno Check()
    {
        var error = FileCalls.Status(Handle, out var status);
        if (error == 0 && status.Type == EntryType.Regular && File.Holds(FileIdentity.Of(status)))
            return 0;
        _cache.Drop(this);
        return error != 0 ? error : Errno.ESTALE;
    }

    public void Dispose() => _cache.Release(this);
}
