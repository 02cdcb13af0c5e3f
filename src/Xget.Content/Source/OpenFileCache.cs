using Microsoft.Win32.SafeHandles;

namespace Xget.Content;

/// <summary>Keeps the descriptors used last; those in use are never closed, even if that makes it exceed its capacity.</summary>
/// <remarks>Thread-safe. No system call but close happens under its lock.</remarks>
internal sealed class OpenFileCache(int capacity) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly LinkedList<OpenSourceFile> _used = [];    // the latest first
    private bool _disposed;

    /// <summary>Open descriptors that can be found, for tests and figures.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _used.Count;
        }
    }

    /// <summary>The descriptor of a file, pinned, or null if it is not open.</summary>
    public OpenSourceFile? Take(SourceFile file)
    {
        lock (_lock)
            return file.Cached is { } open ? Pin(open) : null;
    }

    /// <summary>Adds a descriptor and pins it; if another thread came first, that one's is taken and this one closed.</summary>
    public OpenSourceFile Add(SourceFile file, SafeFileHandle handle)
    {
        lock (_lock)
        {
            if (file.Cached is { } earlier)
            {
                handle.Dispose();
                return Pin(earlier);
            }
            var open = new OpenSourceFile(this, file, handle) { References = 1 };
            if (_disposed)
                return open;
            open.Place = _used.AddFirst(open);
            file.Cached = open;
            CloseSurplus();
            return open;
        }
    }

    /// <summary>Gives one reference back.</summary>
    public void Release(OpenSourceFile open)
    {
        lock (_lock)
        {
            open.References--;
            if (open.References == 0 && open.Place is null)
                open.Handle.Dispose();
            else
                CloseSurplus();
        }
    }

    /// <summary>Makes a descriptor unknown, since its file is not what it was; it is closed when nobody uses it.</summary>
    public void Drop(OpenSourceFile open)
    {
        lock (_lock)
            Remove(open);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            while (_used.First is { } first)
                Remove(first.Value);
        }
    }

    private OpenSourceFile Pin(OpenSourceFile open)
    {
        open.References++;
        _used.Remove(open.Place!);
        _used.AddFirst(open.Place!);
        return open;
    }

    private void CloseSurplus()
    {
        for (var place = _used.Last; place is not null && _used.Count > capacity;)
        {
            var earlier = place.Previous;
            if (place.Value.References == 0)
                Remove(place.Value);
            place = earlier;
        }
    }

    private void Remove(OpenSourceFile open)
    {
        if (open.Place is null)
            return;
        _used.Remove(open.Place);
        open.Place = null;
        open.File.Cached = null;
        if (open.References == 0)
            open.Handle.Dispose();
    }
}
