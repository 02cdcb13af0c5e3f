namespace Xget.NineP;

/// <summary>Twrite: fid[4] offset[8] count[4] data.</summary>
internal readonly ref struct Twrite(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;

    public uint Fid => Wire.U32(_body, 0);

    public ulong Offset => Wire.U64(_body, 4);

    public ReadOnlySpan<byte> Data => _body[16..];

    public static int Write(Span<byte> frame, ushort tag, uint fid, ulong offset, ReadOnlySpan<byte> data)
    {
        NinePWriter w = new(frame, MessageType.Twrite, tag);
        w.U32(fid);
        w.U64(offset);
        w.Data(data);
        return w.Finish();
    }
}
