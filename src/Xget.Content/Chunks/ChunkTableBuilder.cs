namespace Xget.Content;

/// <summary>Collects the chunk digests of a content whose size is known beforehand.</summary>
/// <remarks>
/// Different chunks may be set by different threads at once; <see cref="Build"/> comes after all of them.
/// </remarks>
public sealed class ChunkTableBuilder
{
    private readonly byte[] _encoded;
    private readonly ulong _size;

    /// <summary>A table for <paramref name="size"/> bytes with the usual chunk size.</summary>
    /// <exception cref="ArgumentException">Too many chunks: see <see cref="ChunkTable.WhyNot"/>.</exception>
    public ChunkTableBuilder(ulong size)
        : this(size, ChunkTable.ChunkSizeFor(size))
    {
    }

    /// <summary>A table for <paramref name="size"/> bytes in chunks of <paramref name="chunkSize"/>.</summary>
    /// <exception cref="ArgumentException">There can be no such table: see <see cref="ChunkTable.WhyNot"/>.</exception>
    public ChunkTableBuilder(ulong size, int chunkSize)
    {
        if (ChunkTable.WhyNot(size, chunkSize) is { } reason)
            throw new ArgumentException(reason);
        _size = size;
        ChunkSize = chunkSize;
        Count = (int)ChunkTable.CountFor(size, chunkSize);
        _encoded = new byte[ChunkTable.EncodedLengthFor(size, chunkSize)];
        ChunkTable.WriteHeader(_encoded, size, chunkSize);
    }

    /// <summary>Bytes in each chunk but the last.</summary>
    public int ChunkSize { get; }

    /// <summary>Chunks in the content.</summary>
    public int Count { get; }

    /// <summary>Where chunk <paramref name="index"/> begins.</summary>
    public ulong OffsetOf(int index) => (ulong)index * (uint)ChunkSize;

    /// <summary>Bytes in chunk <paramref name="index"/>.</summary>
    public int LengthOf(int index) => (int)Math.Min((ulong)ChunkSize, _size - OffsetOf(index));

    /// <summary>Notes the digest of chunk <paramref name="index"/>.</summary>
    public void Set(int index, Digest digest) =>
        digest.CopyTo(_encoded.AsSpan(ChunkTable.HeaderLength + index * Digest.Size, Digest.Size));

    /// <summary>Notes that chunk <paramref name="index"/> holds only zeros.</summary>
    public void SetZero(int index) => Set(index, ZeroChunk.DigestOf(LengthOf(index)));

    /// <summary>The table; the builder must not be used any more.</summary>
    public ChunkTable Build() => ChunkTable.FromBuilder(_encoded);
}
