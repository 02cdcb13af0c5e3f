namespace Xget.NineP;

/// <summary>Rwrite: count[4].</summary>
internal readonly ref struct Rwrite(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;

    public uint Count => Wire.U32(_body, 0);

    public static int Write(Span<byte> frame, ushort tag, uint count)
    {
        NinePWriter w = new(frame, MessageType.Rwrite, tag);
        w.U32(count);
        return w.Finish();
    }
}
