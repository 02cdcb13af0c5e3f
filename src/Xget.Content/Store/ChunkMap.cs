using System.Numerics;

namespace Xget.Content.Store;

/// <summary>Which chunks of a content are verified and there. Thread-safe; reads take no lock.</summary>
/// <remarks>
/// A chunk is set after its bytes are in place and setting is a full fence, so whoever sees the bit sees the bytes.
/// </remarks>
public sealed class ChunkMap
{
    private readonly ulong[] _words;
    private int _setCount;

    /// <summary>A map of <paramref name="count"/> chunks, none of them set.</summary>
    public ChunkMap(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Count = count;
        _words = new ulong[(count + 63L) >> 6];
    }

    /// <summary>How many chunks there are.</summary>
    public int Count { get; }

    /// <summary>How many chunks are set.</summary>
    public int SetCount => Volatile.Read(ref _setCount);

    /// <summary>True once every chunk is set; an empty content is complete from the start.</summary>
    public bool IsComplete => SetCount == Count;

    /// <summary>True if the chunk is set.</summary>
    public bool this[int chunk]
    {
        get
        {
            Check(chunk);
            return (Volatile.Read(ref _words[chunk >> 6]) & Bit(chunk)) != 0;
        }
    }

    /// <summary>Sets a chunk; true if it was not set before.</summary>
    public bool Set(int chunk)
    {
        Check(chunk);
        if ((Interlocked.Or(ref _words[chunk >> 6], Bit(chunk)) & Bit(chunk)) != 0)
            return false;
        Interlocked.Increment(ref _setCount);
        return true;
    }

    /// <summary>Takes a chunk back, as when its bytes turn out to be damaged.</summary>
    public void Clear(int chunk)
    {
        Check(chunk);
        if ((Interlocked.And(ref _words[chunk >> 6], ~Bit(chunk)) & Bit(chunk)) != 0)
            Interlocked.Decrement(ref _setCount);
    }

    /// <summary>The first chunk at or after <paramref name="from"/> that is not set, or -1.</summary>
    public int NextMissing(int from)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        if (from >= Count)
            return -1;
        int word = from >> 6;
        ulong missing = ~Volatile.Read(ref _words[word]) & (ulong.MaxValue << (from & 63));
        while (missing == 0)
        {
            if (++word == _words.Length)
                return -1;
            missing = ~Volatile.Read(ref _words[word]);
        }
        // The last word has bits beyond the last chunk, which are never set.
        int chunk = (word << 6) + BitOperations.TrailingZeroCount(missing);
        return chunk < Count ? chunk : -1;
    }

    private static ulong Bit(int chunk) => 1ul << (chunk & 63);

    private void Check(int chunk)
        => ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)chunk, (uint)Count, nameof(chunk));
}
