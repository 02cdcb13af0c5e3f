namespace Xget.NineP;

/// <summary>One entry in an Rreaddir: qid[13] offset[8] type[1] name[s].</summary>
internal readonly ref struct DirectoryEntry(ReadOnlySpan<byte> entry)
{
    private const int FixedLength = 24;
    private readonly ReadOnlySpan<byte> _entry = entry;

    public Qid Qid => Wire.Qid(_entry, 0);

    public ulong Offset => Wire.U64(_entry, 13);

    public byte Type => _entry[21];

    public ReadOnlySpan<byte> Name => Wire.String(_entry, 22);

    /// <summary>The length of the entry at the start of <paramref name="at"/>, or -1 if it is broken.</summary>
    public static int LengthOf(ReadOnlySpan<byte> at)
    {
        if (at.Length < FixedLength)
        {
            return -1;
        }

        int length = FixedLength + Wire.U16(at, 22);
        return length <= at.Length ? length : -1;
    }

    public static int Write(Span<byte> to, Qid qid, ulong offset, byte type, ReadOnlySpan<byte> name)
    {
        NinePWriter w = new(to);
        w.Qid(qid);
        w.U64(offset);
        w.U8(type);
        w.String(name);
        return w.FinishBare();
    }
}
