namespace Xget.NineP;

/// <summary>The requests that name a fid and nothing else: Tclunk, Tremove, Tstat, Tstatfs, Treadlink. fid[4]</summary>
internal readonly ref struct FidMessage(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;

    public uint Fid => Wire.U32(_body, 0);

    public static int Write(Span<byte> frame, MessageType type, ushort tag, uint fid)
    {
        NinePWriter w = new(frame, type, tag);
        w.U32(fid);
        return w.Finish();
    }
}
