using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <summary>A content in memory: for small ones, such as directory objects, and for simulations. Thread-safe.</summary>
public sealed class MemoryContent : StoredContent
{
    private readonly byte[] _bytes;

    /// <summary>Room for the content; chunks of zeros are there from the start.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The content is larger than an array can be (2 GiB).</exception>
    public MemoryContent(ChunkTable table)
        : base(table)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(table.Size, (ulong)Array.MaxLength, nameof(table));
        _bytes = new byte[table.Size];
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
        bytes.CopyTo(_bytes.AsSpan((int)Table.OffsetOf(chunk)));
        Map.Set(chunk);
        return 0;
    }

    /// <inheritdoc/>
    public override ContentRange Read(ulong offset, int count)
    {
        count = Cut(offset, count);
        return ContentRange.OfBytes(count == 0 ? default : _bytes.AsMemory((int)offset, count));
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
    }
}
