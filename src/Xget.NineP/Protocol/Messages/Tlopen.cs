namespace Xget.NineP;

/// <summary>Tlopen: fid[4] flags[4], Linux's open(2) flags.</summary>
internal readonly ref struct Tlopen(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;

    public uint Fid => Wire.U32(_body, 0);

    public uint Flags => Wire.U32(_body, 4);

    public static int Write(Span<byte> frame, ushort tag, uint fid, uint flags)
    {
        NinePWriter w = new(frame, MessageType.Tlopen, tag);
        w.U32(fid);
        w.U32(flags);
        return w.Finish();
    }
}
