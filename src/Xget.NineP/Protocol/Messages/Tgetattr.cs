namespace Xget.NineP;

/// <summary>Tgetattr: fid[4] request_mask[8].</summary>
internal readonly ref struct Tgetattr(ReadOnlySpan<byte> body)
{
    /// <summary>All of what stat(2) tells (P9_GETATTR_BASIC).</summary>
    public const ulong Basic = 0x7FF;

    private readonly ReadOnlySpan<byte> _body = body;

    public uint Fid => Wire.U32(_body, 0);

    public ulong Mask => Wire.U64(_body, 4);

    public static int Write(Span<byte> frame, ushort tag, uint fid, ulong mask)
    {
        NinePWriter w = new(frame, MessageType.Tgetattr, tag);
        w.U32(fid);
        w.U64(mask);
        return w.Finish();
    }
}
