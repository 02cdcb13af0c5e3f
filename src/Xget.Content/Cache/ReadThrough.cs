namespace Xget.Content.Cache;

/// <summary>
/// Memory for verified chunks that the disk has no room for: bounded, shared by all contents of a cache; the oldest
/// chunk makes room. Thread-safe.
/// </summary>
internal sealed class ReadThrough(long most)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<HeldChunk> _order = [];
    private long _bytes;

    /// <summary>Keeps a chunk, at least until the next one comes; then others may be let go.</summary>
    public void Add(HeldChunk chunk)
    {
        List<HeldChunk>? dropped = null;
        lock (_lock)
        {
            chunk.Place = _order.AddLast(chunk);
            _bytes += chunk.Bytes.Length;
            while (_bytes > most && _order.First!.Value is var oldest && oldest != chunk)
            {
                Unlink(oldest);
                (dropped ??= []).Add(oldest);
            }
        }
        foreach (HeldChunk old in dropped ?? [])
            old.Owner.LetGo(old);
    }

    /// <summary>Lets go of a chunk, if it is still kept.</summary>
    public void Remove(HeldChunk chunk)
    {
        lock (_lock)
            Unlink(chunk);
    }

    private void Unlink(HeldChunk chunk)
    {
        if (chunk.Place is not { } place)
            return;
        chunk.Place = null;
        _order.Remove(place);
        _bytes -= chunk.Bytes.Length;
    }
}
