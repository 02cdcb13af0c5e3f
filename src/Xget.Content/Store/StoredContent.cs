using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <summary>Where a content's verified chunks live on a node: in memory or in a file.</summary>
/// <remarks>
/// All members may be used by any number of threads at once. Disposing ends it for new calls; a range that was read
/// before stays good until its lease is given back.
/// </remarks>
public abstract class StoredContent : IDisposable
{
    private protected StoredContent(ChunkTable table)
    {
        Table = table;
        Map = new ChunkMap(table.Count);
    }

    /// <summary>The content's size, chunk size and digests.</summary>
    public ChunkTable Table { get; }

    /// <summary>Which chunks are there.</summary>
    public ChunkMap Map { get; }

    /// <summary>
    /// Takes one chunk, whose bytes are already verified, and then sets it in <see cref="Map"/>. Chunks come in any
    /// order; one that is there already is left as it is, so clear one that has turned out damaged.
    /// </summary>
    /// <returns>0, EINVAL for a wrong number or length, EBADF when disposed or placed, or what the disk said (ENOSPC, EDQUOT, EIO).</returns>
    public abstract Errno Write(int chunk, ReadOnlySpan<byte> bytes);

    /// <summary>
    /// Bytes of chunks that are there, which the caller has seen in <see cref="Map"/>, from <paramref name="offset"/> on; at
    /// least one, perhaps fewer than asked for, and nothing at or past the content's end.
    /// </summary>
    public abstract ContentRange Read(ulong offset, int count);

    /// <summary>Lets go of what the content holds; chunks in a file stay there.</summary>
    public abstract void Dispose();

    /// <summary>How much of a range of <paramref name="count"/> bytes lies before the content's end.</summary>
    private protected int Cut(ulong offset, int count)
        => offset >= Table.Size || count <= 0 ? 0 : (int)Math.Min((ulong)count, Table.Size - offset);

    /// <summary>True if the range lies within the content and every chunk of it is there.</summary>
    public bool Has(DataReference range) => range.IsWithin(Table.Size) && Has(range.Offset, range.Length);

    /// <summary>True if every chunk of the range, which lies within the content, is there.</summary>
    internal bool Has(ulong offset, ulong length)
    {
        if (length == 0)
            return true;
        int missing = Map.NextMissing(Table.IndexOf(offset));
        return missing < 0 || missing > Table.IndexOf(offset + length - 1);
    }

    /// <summary>Copies a range, of which every chunk is there, into <paramref name="bytes"/>, which it fills.</summary>
    internal Errno ReadInto(ulong offset, Span<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            using ContentRange range = Read(offset, bytes.Length);
            int count = range.Count;
            Errno error = count == 0 && !range.IsError ? Errno.EIO : range.CopyTo(bytes);
            if (error != 0)
                return error;
            offset += (ulong)count;
            bytes = bytes[count..];
        }
        return 0;
    }
}
