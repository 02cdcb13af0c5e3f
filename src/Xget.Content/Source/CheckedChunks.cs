namespace Xget.Content;

/// <summary>
/// The copies of chunks that were checked last, for readers who take a chunk in many small pieces. Thread-safe.
/// </summary>
internal sealed class CheckedChunks : IDisposable
{
    /// <summary>Chunks that are kept; publishing makes none above 1 MiB.</summary>
    private const int MaxKept = 8;

    private readonly Lock _lock = new();
    private readonly List<CheckedChunk> _kept = [];    // the one used last at the end
    private bool _disposed;

    /// <summary>The copy of a chunk, held for the caller, or null.</summary>
    public CheckedChunk? Find(SourceContent content, int chunk)
    {
        lock (_lock)
        {
            var kept = Take(content, chunk);
            if (kept is null)
                return null;
            _kept.Add(kept);
            kept.Hold();
            return kept;
        }
    }

    /// <summary>Keeps a chunk's bytes, which have been checked, and holds them for the caller.</summary>
    public CheckedChunk Add(SourceContent content, int chunk, RentedBytes bytes)
    {
        var added = new CheckedChunk(content, chunk, bytes);
        lock (_lock)
        {
            if (_disposed)
                return added;
            Take(content, chunk)?.Dispose();
            if (_kept.Count == MaxKept)
            {
                _kept[0].Dispose();
                _kept.RemoveAt(0);
            }
            added.Hold();
            _kept.Add(added);
        }
        return added;
    }

    /// <summary>Lets go of all copies and keeps none from now on.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            foreach (var kept in _kept)
                kept.Dispose();
            _kept.Clear();
        }
    }

    private CheckedChunk? Take(SourceContent content, int chunk)
    {
        var place = _kept.FindIndex(kept => kept.Content == content && kept.Chunk == chunk);
        if (place < 0)
            return null;
        var taken = _kept[place];
        _kept.RemoveAt(place);
        return taken;
    }
}
