using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Content;

/// <summary>A descriptor that is shared by all who read the file; each holds one reference and disposes it once.</summary>
internal sealed class OpenSourceFile(OpenFileCache cache, SourceFile file, SafeFileHandle handle) : IDisposable
{
    public SourceFile File { get; } = file;

    public SafeFileHandle Handle { get; } = handle;

    /// <summary>Readers; guarded by the cache.</summary>
    public int References { get; set; }

    /// <summary>The place in the cache's order of use; null once it has left the cache.</summary>
    public LinkedListNode<OpenSourceFile>? Place { get; set; }

    /// <summary>0 while the open file is exactly what was published, else ESTALE.</summary>
    public Errno Check()
    {
        var error = FileCalls.Status(Handle, out var status);
        if (error == 0 && status.Type == EntryType.Regular && SourceIdentity.Of(status) == File.Identity)
            return 0;
        cache.Drop(this);
        return error != 0 ? error : Errno.ESTALE;
    }

    public void Dispose() => cache.Release(this);
}
