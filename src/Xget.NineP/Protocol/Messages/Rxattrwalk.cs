namespace Xget.NineP;

/// <summary>Rxattrwalk: size[8].</summary>
internal readonly ref struct Rxattrwalk(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;

    public ulong Size => Wire.U64(_body, 0);

    public static int Write(Span<byte> frame, ushort tag, ulong size)
    {
        NinePWriter w = new(frame, MessageType.Rxattrwalk, tag);
        w.U64(size);
        return w.Finish();
    }
}
