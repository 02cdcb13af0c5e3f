namespace Xget.NineP;

/// <summary>Tattach: fid[4] afid[4] uname[s] aname[s], and n_uname[4] in .u and .L.</summary>
internal readonly ref struct Tattach
{
    private readonly ReadOnlySpan<byte> _body;

    public Tattach(ReadOnlySpan<byte> body, Dialect dialect)
    {
        _body = body;
        Uname = Wire.String(body, 8);
        Aname = Wire.String(body, 10 + Uname.Length);
        NUname = dialect == Dialect.NineP2000
            ? NinePLimits.NoNUname
            : Wire.U32(body, 12 + Uname.Length + Aname.Length);
    }

    public uint Fid => Wire.U32(_body, 0);

    public uint Afid => Wire.U32(_body, 4);

    public ReadOnlySpan<byte> Uname { get; }

    public ReadOnlySpan<byte> Aname { get; }

    public uint NUname { get; }

    public static int Write(Span<byte> frame, Dialect dialect, ushort tag, uint fid, uint afid,
        ReadOnlySpan<byte> uname, ReadOnlySpan<byte> aname, uint nUname)
    {
        NinePWriter w = new(frame, MessageType.Tattach, tag);
        w.U32(fid);
        w.U32(afid);
        w.String(uname);
        w.String(aname);
        if (dialect != Dialect.NineP2000)
        {
            w.U32(nUname);
        }

        return w.Finish();
    }
}
