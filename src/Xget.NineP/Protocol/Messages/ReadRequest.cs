namespace Xget.NineP;

/// <summary>Tread and Treaddir: fid[4] offset[8] count[4].</summary>
internal readonly ref struct ReadRequest(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;

    public uint Fid => Wire.U32(_body, 0);

    public ulong Offset => Wire.U64(_body, 4);

    public uint Count => Wire.U32(_body, 12);

    public static int Write(Span<byte> frame, MessageType type, ushort tag, uint fid, ulong offset, uint count)
    {
        NinePWriter w = new(frame, type, tag);
        w.U32(fid);
        w.U64(offset);
        w.U32(count);
        return w.Finish();
    }
}
