using Mono.Unix.Native;

namespace Xget.Content;

/// <summary>Small files one after the other; a range within one of them is served from its descriptor.</summary>
internal sealed class PackContent(ChunkTable table, SourceFile[] members) : PublishedContent(table)
{
    private protected override ContentRange ReadWithin(ulong offset, int count)
    {
        var first = MemberAt(offset);
        var within = offset - members[first].Data.Offset;
        if (within + (uint)count <= members[first].Size)
            return members[first].Read(within, count);

        var rented = new RentedBytes(count);
        var error = Fill(rented.Memory.Span, first, within);
        if (error == 0)
            return ContentRange.OfBytes(rented.Memory, rented);
        rented.Dispose();
        return ContentRange.Failed(error);
    }

    private Errno Fill(Span<byte> rest, int member, ulong within)
    {
        for (; rest.Length > 0; member++, within = 0)
        {
            var count = (int)Math.Min((ulong)rest.Length, members[member].Size - within);
            using var range = members[member].Read(within, count);
            var error = range.CopyTo(rest);
            if (error != 0)
                return error;
            rest = rest[count..];
        }
        return 0;
    }

    // The last member that begins at or before the offset.
    private int MemberAt(ulong offset)
    {
        var (low, high) = (0, members.Length - 1);
        while (low < high)
        {
            var middle = (low + high + 1) >>> 1;
            if (members[middle].Data.Offset <= offset)
                low = middle;
            else
                high = middle - 1;
        }
        return low;
    }
}
