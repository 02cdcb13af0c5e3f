namespace Xget.NineP;

/// <summary>Rstat: n[2] and a stat record of n bytes, which has its own size in front.</summary>
internal readonly ref struct Rstat(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;

    public StatRecord Record(Dialect dialect) => new(_body[2..], dialect);

    public static int Write(Span<byte> frame, Dialect dialect, ushort tag, Qid qid, ReadOnlySpan<byte> name,
        in Attributes attributes, ReadOnlySpan<byte> symlinkTarget)
    {
        const int RecordAt = NinePLimits.HeaderSize + 2;
        NinePWriter w = new(frame, MessageType.Rstat, tag);
        int length = StatRecord.Write(frame[RecordAt..], dialect, qid, name, attributes, symlinkTarget);
        if (length == 0)
        {
            return 0;
        }

        w.U16((ushort)length);
        w.Finish(RecordAt + length);
        return RecordAt + length;
    }
}
