using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Content;

/// <summary>A descriptor that all who read the file share; each holds one reference and disposes it once.</summary>
internal sealed class OpenSourceFile : IDisposable
{
    private readonly OpenFileCache _cache;

    public OpenSourceFile(OpenFileCache cache, SourceFile file, SafeFileHandle handle)
    {
        _cache = cache;
        File = file;
        Handle = handle;
        Place = new LinkedListNode<OpenSourceFile>(this);
    }

    public SourceFile File { get; }

    public SafeFileHandle Handle { get; }

    /// <summary>Readers; guarded by the cache.</summary>
    public int References { get; set; }

    /// <summary>The place among the cache's idle descriptors.</summary>
    public LinkedListNode<OpenSourceFile> Place { get; }

    /// <summary>0 while the open file is exactly what was published, else ESTALE.</summary>
    public Errno Check()
    {
        var error = FileCalls.Status(Handle, out var status);
        if (error == 0 && status.Type == EntryType.Regular && SourceIdentity.Of(status) == File.Identity)
            return 0;
        _cache.Drop(this);
        return error != 0 ? error : Errno.ESTALE;
    }

    public void Dispose() => _cache.Release(this);
}
