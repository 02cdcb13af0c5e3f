namespace Xget.NineP;

/// <summary>Twalk: fid[4] newfid[4] n[2] n×name[s].</summary>
internal ref struct Twalk(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;
    private int _at = 10;

    public readonly uint Fid => Wire.U32(_body, 0);

    public readonly uint NewFid => Wire.U32(_body, 4);

    public readonly int Count => Wire.U16(_body, 8);

    /// <summary>The next name; to be called at most <see cref="Count"/> times.</summary>
    public ReadOnlySpan<byte> NextName()
    {
        ReadOnlySpan<byte> name = Wire.String(_body, _at);
        _at += 2 + name.Length;
        return name;
    }

    public static int Write(Span<byte> frame, ushort tag, uint fid, uint newFid,
        ReadOnlySpan<ReadOnlyMemory<byte>> names)
    {
        NinePWriter w = new(frame, MessageType.Twalk, tag);
        w.U32(fid);
        w.U32(newFid);
        w.U16((ushort)names.Length);
        foreach (ReadOnlyMemory<byte> name in names)
        {
            w.String(name.Span);
        }

        return w.Finish();
    }
}
