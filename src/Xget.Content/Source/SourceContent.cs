using Mono.Unix.Native;

namespace Xget.Content;

/// <summary>A content whose bytes are in files of the exported tree: one file, or small files one after the other.</summary>
/// <remarks>
/// While the files are what they were when they were hashed, ranges of them are given as they are. Where one is not, by
/// its status, the chunk is read into memory and given from there if it has its digest: a file of which only the mode or
/// the length has changed is served on, one that was rewritten costs the chunks that hold it.
/// </remarks>
internal sealed class SourceContent(ChunkTable table, SourceTree tree, SourceFile[] files) : PublishedContent(table)
{
    private readonly JoinedFiles _joined = new(files);

    /// <summary>The files, in the order of their bytes.</summary>
    public SourceFile[] Files { get; } = files;

    /// <summary>
    /// The range's front, as far as it is in one chunk, from a copy that has the chunk's digest; ESTALE if there are no
    /// such bytes.
    /// </summary>
    public ContentRange ReadChecked(ulong offset, int count)
    {
        var chunk = Table.IndexOf(offset);
        var within = (int)(offset - Table.OffsetOf(chunk));
        // Who begins a chunk has it checked anew, so that a file that rests is soon known by its status again.
        var copy = within > 0 ? tree.CheckedChunks.Find(this, chunk) : null;
        if (copy is null)
        {
            var error = Load(chunk, out copy);
            if (error != 0)
                return ContentRange.Failed(error);
        }
        return ContentRange.OfBytes(copy!.Bytes.Slice(within, Math.Min(count, copy.Bytes.Length - within)), copy);
    }

    private protected override ContentRange ReadWithin(ulong offset, int count)
    {
        var range = _joined.Read(offset, count);
        return range.Error == Errno.ESTALE ? ReadChecked(offset, count) : range;
    }

    private Errno Load(int chunk, out CheckedChunk? copy)
    {
        copy = null;
        var (start, length) = (Table.OffsetOf(chunk), Table.LengthOf(chunk));
        var rented = new RentedBytes(length);
        var bytes = rented.Memory.Span;
        var first = JoinedFiles.IndexOf(Files, start);
        Span<FileIdentity> seen = Files.Length == 1 ? stackalloc FileIdentity[1] : new FileIdentity[Files.Length - first];
        var error = Fill(bytes, first, start, seen);
        if (error == 0 && !Table.Matches(chunk, bytes))
            error = Errno.ESTALE;
        if (error != 0)
        {
            rented.Dispose();
            return error;
        }
        for (var i = first; i < Files.Length && Files[i].Start < start + (uint)length; i++)
            Files[i].Verified(seen[i - first], Table, chunk);
        copy = tree.CheckedChunks.Add(this, chunk, rented);
        return 0;
    }

    private Errno Fill(Span<byte> rest, int file, ulong offset, Span<FileIdentity> seen)
    {
        for (var i = 0; rest.Length > 0; i++)
        {
            var within = offset - Files[file + i].Start;
            var count = (int)Math.Min((ulong)rest.Length, Files[file + i].Size - within);
            var error = Files[file + i].ReadAsItIs((long)within, rest[..count], out seen[i]);
            if (error != 0)
                return error;
            rest = rest[count..];
            offset += (uint)count;
        }
        return 0;
    }
}
