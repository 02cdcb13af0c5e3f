namespace Xget.NineP;

/// <summary>The replies that are one qid: Rattach and Rauth. qid[13]</summary>
internal readonly ref struct QidMessage(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;

    public Qid Qid => Wire.Qid(_body, 0);

    public static int Write(Span<byte> frame, MessageType type, ushort tag, Qid qid)
    {
        NinePWriter w = new(frame, type, tag);
        w.Qid(qid);
        return w.Finish();
    }
}
