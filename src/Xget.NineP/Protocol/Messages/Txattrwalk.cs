namespace Xget.NineP;

/// <summary>Txattrwalk: fid[4] newfid[4] name[s]; an empty name asks for the list of names.</summary>
internal readonly ref struct Txattrwalk(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;

    public uint Fid => Wire.U32(_body, 0);

    public uint NewFid => Wire.U32(_body, 4);

    public ReadOnlySpan<byte> Name => Wire.String(_body, 8);

    public static int Write(Span<byte> frame, ushort tag, uint fid, uint newFid, ReadOnlySpan<byte> name)
    {
        NinePWriter w = new(frame, MessageType.Txattrwalk, tag);
        w.U32(fid);
        w.U32(newFid);
        w.String(name);
        return w.Finish();
    }
}
