using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <summary>
/// A content in memory: for small ones, such as directory objects, and for simulations. It takes memory for what has been
/// written, in blocks, and none for chunks of zeros. Thread-safe.
/// </summary>
public sealed class MemoryContent : StoredContent
{
    private const int LeastBlock = 1 << 20;

    private static readonly byte[] s_zeros = new byte[LeastBlock];

    private readonly byte[]?[] _blocks;
    private readonly int _blockLength; // a multiple of the chunk size

    /// <summary>Room for the content; chunks of zeros are there from the start.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The content is larger than an array can be (2 GiB).</exception>
    public MemoryContent(ChunkTable table)
        : base(table)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(table.Size, (ulong)Array.MaxLength, nameof(table));
        _blockLength = Math.Max(LeastBlock, table.ChunkSize);
        _blocks = new byte[]?[(table.Size + (ulong)_blockLength - 1) / (ulong)_blockLength];
        for (int chunk = 0; chunk < table.Count; chunk++)
        {
            if (table.IsZero(chunk))
                Map.Set(chunk);
        }
    }

    /// <inheritdoc/>
    public override Errno Write(int chunk, ReadOnlySpan<byte> bytes)
    {
        if ((uint)chunk >= (uint)Table.Count || bytes.Length != Table.LengthOf(chunk))
            return Errno.EINVAL;
        if (Map[chunk])
            return 0;
        int offset = (int)Table.OffsetOf(chunk);
        bytes.CopyTo(Block(offset / _blockLength).AsSpan(offset % _blockLength));
        Map.Set(chunk);
        return 0;
    }

    /// <inheritdoc/>
    /// <remarks>It ends at a block's end, a multiple of 1 MiB, at the latest.</remarks>
    public override ContentRange Read(ulong offset, int count)
    {
        count = Cut(offset, count);
        if (count == 0)
            return ContentRange.OfBytes(default);
        int within = (int)offset % _blockLength;
        return Volatile.Read(ref _blocks[(int)offset / _blockLength]) is { } block
            ? ContentRange.OfBytes(block.AsMemory(within, Math.Min(count, block.Length - within)))
            : ContentRange.OfBytes(s_zeros.AsMemory(0, Math.Min(count, Math.Min(s_zeros.Length, _blockLength - within))));
    }

    private byte[] Block(int index)
    {
        if (Volatile.Read(ref _blocks[index]) is { } there)
            return there;
        byte[] made = new byte[Math.Min((long)_blockLength, (long)Table.Size - (long)index * _blockLength)];
        return Interlocked.CompareExchange(ref _blocks[index], made, null) ?? made;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
    }
}
