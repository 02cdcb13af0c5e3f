using Microsoft.Win32.SafeHandles;

namespace Xget.Content;

/// <summary>
/// Keeps up to a number of descriptors open, those used last. What is in use is never closed, even if that makes it
/// exceed its capacity.
/// </summary>
/// <remarks>Thread-safe; each operation takes constant time. No system call but close happens under its lock.</remarks>
internal sealed class OpenFileCache(int capacity) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly LinkedList<CachedFile> _idle = [];    // used by nobody at present, the latest first
    private int _count;
    private bool _disposed;

    /// <summary>The descriptor of a file, pinned, or null if it is not open.</summary>
    public CachedFile? Take(ContentFile file)
    {
        lock (_lock)
            return file.Cached is { } open ? Pin(open) : null;
    }

    /// <summary>
    /// Adds a descriptor and pins it; if another thread came first, that one's is taken and this one closed.
    /// </summary>
    public CachedFile Add(ContentFile file, SafeFileHandle handle)
    {
        lock (_lock)
        {
            if (file.Cached is { } earlier)
            {
                handle.Dispose();
                return Pin(earlier);
            }
            var open = new CachedFile(this, file, handle) { References = 1 };
            if (_disposed)
                return open;
            file.Cached = open;
            if (++_count > capacity && _idle.Last is { } oldest)
                Close(oldest.Value);
            return open;
        }
    }

    /// <summary>Gives one reference back.</summary>
    public void Release(CachedFile open)
    {
        lock (_lock)
        {
            if (--open.References > 0)
                return;
            if (open.File.Cached != open)
                open.Handle.Dispose();
            else if (_count > capacity)
                Close(open);
            else
                _idle.AddFirst(open.Place);
        }
    }

    /// <summary>
    /// Makes a descriptor unknown, since its file is not what it was; it is closed when nobody uses it.
    /// </summary>
    public void Drop(CachedFile open)
    {
        lock (_lock)
        {
            if (open.File.Cached == open)
                Close(open);
        }
    }

    /// <summary>Makes a file's descriptor unknown, if there is one, since nobody will ask for it any more.</summary>
    public void Forget(ContentFile file)
    {
        lock (_lock)
        {
            if (file.Cached is { } open)
                Close(open);
        }
    }

    /// <summary>Closes what nobody uses, and from now on everything once nobody uses it.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            capacity = 0;
            while (_idle.First is { } first)
                Close(first.Value);
        }
    }

    private CachedFile Pin(CachedFile open)
    {
        if (open.References++ == 0)
            _idle.Remove(open.Place);
        return open;
    }

    private void Close(CachedFile open)
    {
        _count--;
        open.File.Cached = null;
        if (open.References > 0)
            return;
        if (open.Place.List is not null)
            _idle.Remove(open.Place);
        open.Handle.Dispose();
    }
}
