using Xget.Content;
using Xget.Node.Fetching;

namespace Xget.Mount;

/// <summary>
/// An open file, and how far ahead of its reader the chunks are fetched: nothing for random reads, more and more for
/// sequential ones. Thread-safe.
/// </summary>
internal sealed class OpenedFile(Inode inode, DataReference data, Transfer? content, bool readsAhead)
{
    /// <summary>A content that the file's bytes are in, and where.</summary>
    internal sealed record Place(DataReference Data, Transfer Content);

    private const ulong FirstWindow = 1 << 20;
    private const ulong LargestWindow = 32 << 20;
    private static readonly TimeSpan SameWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeastWait = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private volatile Place? _place = content is null ? null : new Place(data, content);
    private ulong _expected;
    private ulong _ahead;
    private ulong _window;
    private long _waitingSince;
    private long _waitEnded;
    private ulong _haveThen;

    /// <summary>
    /// How long a read may wait now. The kernel asks anew for what its read-ahead did not get, and programs try again: so
    /// reads that follow one another without anything coming share one time-out.
    /// </summary>
    internal TimeSpan Patience(TimeSpan timeout, TimeProvider time)
    {
        ulong have = _place!.Content.Have;
        lock (_gate)
        {
            if (_waitingSince == 0 || have != _haveThen || (_waitEnded != 0 && time.GetElapsedTime(_waitEnded) > SameWait))
            {
                (_waitingSince, _waitEnded, _haveThen) = (time.GetTimestamp(), 0, have);
                return timeout;
            }
            TimeSpan left = timeout - time.GetElapsedTime(_waitingSince);
            return left > LeastWait ? left : LeastWait;
        }
    }

    /// <summary>What a read waited for has come.</summary>
    internal void Came()
    {
        lock (_gate)
            (_waitingSince, _waitEnded) = (0, 0);
    }

    /// <summary>A read has timed out.</summary>
    internal void TimedOut(TimeProvider time)
    {
        lock (_gate)
            _waitEnded = time.GetTimestamp();
    }

    internal Inode Inode => inode;

    /// <summary>Where its bytes come from now; null for a file without any.</summary>
    internal Place? Now => _place;

    /// <summary>Its bytes come from elsewhere from now on; false if others were quicker.</summary>
    internal bool Move(Place from, Place to)
    {
        lock (_gate)
        {
            if (_place != from)
                return false;
            _place = to;
            return true;
        }
    }

    /// <summary>
    /// A read: what to fetch ahead now, as a range of the file; nothing when the reader jumps. The kernel's own read-ahead
    /// comes in several requests that may overtake one another, so a little disorder still counts as sequential.
    /// </summary>
    internal (ulong Offset, ulong Length) Ahead(ulong offset, int size)
    {
        if (!readsAhead)
            return default;
        lock (_gate)
        {
            ulong end = offset + (ulong)size;
            bool sequential = offset <= _expected + FirstWindow && end + FirstWindow >= _expected;
            if (!sequential)
            {
                (_window, _ahead, _expected) = (0, 0, end);
                return default;
            }
            _expected = Math.Max(_expected, end);
            _window = Math.Min(LargestWindow, Math.Max(FirstWindow, _window * 2));
            ulong to = Math.Min(_expected + _window, inode.Attributes.Size);
            ulong from = Math.Max(_expected, _ahead);
            // In steps, so that not each read asks.
            if (to < from + FirstWindow && to < inode.Attributes.Size || to <= from)
                return default;
            _ahead = to;
            return (from, to - from);
        }
    }
}
