namespace Xget.NineP;

/// <summary>Tflush: oldtag[2].</summary>
internal readonly ref struct Tflush(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;

    public ushort OldTag => Wire.U16(_body, 0);

    public static int Write(Span<byte> frame, ushort tag, ushort oldTag)
    {
        NinePWriter w = new(frame, MessageType.Tflush, tag);
        w.U16(oldTag);
        return w.Finish();
    }
}
