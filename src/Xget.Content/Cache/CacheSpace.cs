namespace Xget.Content.Cache;

/// <summary>
/// The room that a cache takes: asked before anything is written, it removes the contents that were not used for the
/// longest time. Several processes do so at once without knowing of each other. Thread-safe.
/// </summary>
/// <remarks>
/// What others write is seen when the directory is looked through: whenever room is short, and after each sixteenth
/// of the limit written here.
/// </remarks>
internal sealed class CacheSpace
{
    private const long LeastBetweenLooks = 16 << 20;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly CacheDirectory _directory;
    private readonly CacheCounters _counters;
    private readonly TimeProvider _time;
    private readonly long _limit;
    private readonly ulong _minFree;
    private long _listed; // bytes in the directory
    private long _nameless; // bytes in files of ours without a name
    private long _sinceLook;
    private int _contents;
    private long? _failedAt;

    public CacheSpace(CacheDirectory directory, CacheOptions options, CacheCounters counters, TimeProvider time)
    {
        _directory = directory;
        _counters = counters;
        _time = time;
        _limit = (long)Math.Min(options.SizeLimit ?? long.MaxValue, long.MaxValue);
        _minFree = options.MinFree ?? (directory.Space(out ulong size, out _) == 0 ? size / 20 : 0);
        Look();
    }

    public ulong Bytes
    {
        get
        {
            lock (_lock)
                return (ulong)Math.Max(0, _listed + _nameless);
        }
    }

    public int Contents
    {
        get
        {
            lock (_lock)
                return _contents;
        }
    }

    /// <summary>A content more in the directory.</summary>
    public void Added()
    {
        lock (_lock)
            _contents++;
    }

    /// <summary>
    /// Takes <paramref name="bytes"/> of room, after removing what is least used if need be; false if there is none.
    /// </summary>
    public bool TryTake(int bytes, bool isNameless)
    {
        if (!_directory.TryHold())
            return false;
        using (_directory)
        {
            lock (_lock)
            {
                bool isOld = _limit != long.MaxValue && _sinceLook > Math.Max(_limit / 16, LeastBetweenLooks);
                if (isOld || !Fits(bytes))
                {
                    if (!isOld && IsPausing)
                        return false;
                    Evict(Look(), bytes, 0);
                    if (!Fits(bytes))
                    {
                        _failedAt = _time.GetTimestamp();
                        return false;
                    }
                }
                _sinceLook += bytes;
                if (isNameless)
                    _nameless += bytes;
                else
                    _listed += bytes;
                return true;
            }
        }
    }

    /// <summary>Gives back what was not written after all, or is gone.</summary>
    public void GiveBack(long bytes, bool isNameless)
    {
        lock (_lock)
        {
            if (isNameless)
                _nameless -= bytes;
            else
                _listed -= bytes;
        }
    }

    /// <summary>The disk is full whatever it said before; true if something was removed.</summary>
    public bool MakeRoom(int bytes)
    {
        if (!_directory.TryHold())
            return false;
        using (_directory)
        {
            lock (_lock)
            {
                if (IsPausing)
                    return false;
                if (Evict(Look(), bytes, Math.Max(bytes, 1 << 20)) > 0)
                    return true;
                _failedAt = _time.GetTimestamp();
                return false;
            }
        }
    }

    /// <summary>A content was closed, so that there may be something to remove again.</summary>
    public void Closed()
    {
        lock (_lock)
            _failedAt = null;
    }

    /// <summary>When nothing could be removed, it is not tried again for each chunk.</summary>
    private bool IsPausing => _failedAt is { } at && _time.GetElapsedTime(at) < Pause;

    private bool Fits(int bytes) => Excess(bytes) <= 0;

    /// <summary>How much must go so that <paramref name="bytes"/> have room; 0 or less if they have.</summary>
    private long Excess(int bytes)
    {
        long excess = _listed + _nameless - _limit + bytes;
        if (_minFree > 0 && _directory.Space(out _, out ulong free) == 0)
        {
            long wanted = (long)Math.Min(_minFree, long.MaxValue - (ulong)bytes) + bytes;
            excess = Math.Max(excess, wanted - (long)Math.Min(free, long.MaxValue));
        }
        return excess;
    }

    private List<CachedObject> Look()
    {
        List<CachedObject> all = _directory.List();
        _listed = 0;
        foreach (CachedObject item in all)
            _listed += item.Bytes;
        _contents = all.Count;
        _sinceLook = 0;
        return all;
    }

    private long Evict(List<CachedObject> all, int bytes, long atLeast)
    {
        long excess = Math.Max(Excess(bytes), atLeast);
        if (excess <= 0)
            return 0;
        // A large cache gives a little more, so that not every chunk has to look through it.
        long goal = excess + ((_listed >> 6) & ~0xFFFFFL);
        long removed = 0;
        all.Sort(CachedObject.ByUse);
        foreach (CachedObject item in all)
        {
            if (removed >= goal)
                break;
            if (!_directory.TryRemove(new ObjectName(item.Content)))
                continue;
            removed += item.Bytes;
            _contents--;
            _counters.Evict();
        }
        _listed -= removed;
        return removed;
    }
}
