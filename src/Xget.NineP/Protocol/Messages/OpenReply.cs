namespace Xget.NineP;

/// <summary>Ropen and Rlopen: qid[13] iounit[4].</summary>
internal readonly ref struct OpenReply(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;

    public Qid Qid => Wire.Qid(_body, 0);

    public uint Iounit => Wire.U32(_body, NineP.Qid.Size);

    public static int Write(Span<byte> frame, MessageType type, ushort tag, Qid qid, uint iounit)
    {
        NinePWriter w = new(frame, type, tag);
        w.Qid(qid);
        w.U32(iounit);
        return w.Finish();
    }
}
