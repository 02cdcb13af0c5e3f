namespace Xget.NineP;

/// <summary>
/// Rstatfs: type[4] bsize[4] blocks[8] bfree[8] bavail[8] files[8] ffree[8] fsid[8] namelen[4].
/// </summary>
internal readonly ref struct Rstatfs(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;

    public FileSystemStatistics Statistics => new()
    {
        Type = Wire.U32(_body, 0),
        BlockSize = Wire.U32(_body, 4),
        Blocks = Wire.U64(_body, 8),
        BlocksFree = Wire.U64(_body, 16),
        BlocksAvailable = Wire.U64(_body, 24),
        Files = Wire.U64(_body, 32),
        FilesFree = Wire.U64(_body, 40),
        FileSystemId = Wire.U64(_body, 48),
        NameLength = Wire.U32(_body, 56),
    };

    public static int Write(Span<byte> frame, ushort tag, in FileSystemStatistics statistics)
    {
        NinePWriter w = new(frame, MessageType.Rstatfs, tag);
        w.U32(statistics.Type);
        w.U32(statistics.BlockSize);
        w.U64(statistics.Blocks);
        w.U64(statistics.BlocksFree);
        w.U64(statistics.BlocksAvailable);
        w.U64(statistics.Files);
        w.U64(statistics.FilesFree);
        w.U64(statistics.FileSystemId);
        w.U32(statistics.NameLength);
        return w.Finish();
    }
}
