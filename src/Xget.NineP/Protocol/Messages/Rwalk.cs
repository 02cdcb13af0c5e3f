namespace Xget.NineP;

/// <summary>Rwalk: n[2] n×qid[13].</summary>
internal readonly ref struct Rwalk(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;

    public int Count => Wire.U16(_body, 0);

    public Qid this[int index] => Wire.Qid(_body, 2 + Qid.Size * index);

    public static int Write(Span<byte> frame, ushort tag, ReadOnlySpan<Qid> qids)
    {
        NinePWriter w = new(frame, MessageType.Rwalk, tag);
        w.U16((ushort)qids.Length);
        foreach (Qid qid in qids)
        {
            w.Qid(qid);
        }

        return w.Finish();
    }
}
