using Mono.Unix.Native;

namespace Xget.Content;

/// <summary>
/// Files that make up a content: in the order of their starts and of their ends, without a gap. Thread-safe.
/// </summary>
/// <remarks>
/// A range within one file is served from its descriptor. One across files is put together in memory, since a chunk of
/// small files would otherwise take a reply, and its way there and back, for each of them.
/// </remarks>
internal readonly struct JoinedFiles(ContentFile[] files)
{
    /// <summary>What is put together at most: the largest usual chunk.</summary>
    private const int MostJoined = 1 << 20;

    /// <summary>
    /// A range that lies within the content and is not empty, or as much of its front as is worth one reply.
    /// </summary>
    public ContentRange Read(ulong offset, int count)
    {
        var first = IndexOf(files, offset);
        var within = offset - files[first].Start;
        var rest = files[first].Size - within;
        if (rest >= (ulong)Math.Min(count, MostJoined))
            return files[first].Read(within, (int)Math.Min(rest, (ulong)count));

        var rented = new RentedBytes(Math.Min(count, MostJoined));
        var error = Fill(rented.Memory.Span, first, offset);
        if (error == 0)
            return ContentRange.OfBytes(rented.Memory, rented);
        rented.Dispose();
        return ContentRange.Failed(error);
    }

    private Errno Fill(Span<byte> rest, int file, ulong offset)
    {
        for (; rest.Length > 0; file++)
        {
            var within = offset - files[file].Start;
            var count = (int)Math.Min((ulong)rest.Length, files[file].Size - within);
            using var range = files[file].Read(within, count);
            var error = range.CopyTo(rest);
            if (error != 0)
                return error;
            rest = rest[count..];
            offset += (uint)count;
        }
        return 0;
    }

    /// <summary>The last of the files that begins at or before the offset.</summary>
    public static int IndexOf(ContentFile[] files, ulong offset)
    {
        var (low, high) = (0, files.Length - 1);
        while (low < high)
        {
            var middle = (low + high + 1) >>> 1;
            if (files[middle].Start <= offset)
                low = middle;
            else
                high = middle - 1;
        }
        return low;
    }
}
