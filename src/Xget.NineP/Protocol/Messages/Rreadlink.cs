namespace Xget.NineP;

/// <summary>Rreadlink: target[s].</summary>
internal readonly ref struct Rreadlink(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;

    public ReadOnlySpan<byte> Target => Wire.String(_body, 0);

    public static int Write(Span<byte> frame, ushort tag, ReadOnlySpan<byte> target)
    {
        NinePWriter w = new(frame, MessageType.Rreadlink, tag);
        w.String(target);
        return w.Finish();
    }
}
