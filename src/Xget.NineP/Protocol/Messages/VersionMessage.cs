namespace Xget.NineP;

/// <summary>Tversion and Rversion: msize[4] version[s].</summary>
internal readonly ref struct VersionMessage(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;

    public uint Msize => Wire.U32(_body, 0);

    public ReadOnlySpan<byte> Version => Wire.String(_body, 4);

    public static int Write(Span<byte> frame, MessageType type, ushort tag, uint msize, ReadOnlySpan<byte> version)
    {
        NinePWriter w = new(frame, type, tag);
        w.U32(msize);
        w.String(version);
        return w.Finish();
    }
}
