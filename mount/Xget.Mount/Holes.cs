using Xget.Content;

namespace Xget.Mount;

/// <summary>Where a file has data and where holes, as its chunk table tells: a chunk of zeros is a hole.</summary>
internal static class Holes
{
    /// <summary>What lseek(2) gives for SEEK_DATA (3).</summary>
    internal const uint SeekData = 3;

    /// <summary>What lseek(2) gives for SEEK_HOLE (4).</summary>
    internal const uint SeekHole = 4;

    /// <summary>The first byte of data from an offset on; null if only a hole follows.</summary>
    internal static ulong? NextData(ChunkTable table, ulong offset) => Next(table, offset, isHole: false);

    /// <summary>The first byte of a hole from an offset on; the end of the file counts as one.</summary>
    internal static ulong NextHole(ChunkTable table, ulong offset) => Next(table, offset, isHole: true) ?? table.Size;

    /// <summary>Blocks of 512 bytes in the chunks that are no holes.</summary>
    internal static ulong DataBlocks(ChunkTable table)
    {
        ulong blocks = 0;
        for (int chunk = 0; chunk < table.Count; chunk++)
            blocks += table.IsZero(chunk) ? 0 : (uint)table.LengthOf(chunk) + 511 >> 9;
        return blocks;
    }

    private static ulong? Next(ChunkTable table, ulong offset, bool isHole)
    {
        for (int chunk = table.IndexOf(offset); chunk < table.Count; chunk++)
        {
            if (table.IsZero(chunk) == isHole)
                return Math.Max(offset, table.OffsetOf(chunk));
        }
        return null;
    }
}
