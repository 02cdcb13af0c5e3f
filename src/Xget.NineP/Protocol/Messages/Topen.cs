namespace Xget.NineP;

/// <summary>Topen: fid[4] mode[1].</summary>
internal readonly ref struct Topen(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;

    public uint Fid => Wire.U32(_body, 0);

    public byte Mode => _body[4];

    public static int Write(Span<byte> frame, ushort tag, uint fid, byte mode)
    {
        NinePWriter w = new(frame, MessageType.Topen, tag);
        w.U32(fid);
        w.U8(mode);
        return w.Finish();
    }
}
