namespace Xget.NineP;

/// <summary>Tauth: afid[4] uname[s] aname[s], and n_uname[4] in .u and .L.</summary>
internal static class Tauth
{
    public static int Write(Span<byte> frame, Dialect dialect, ushort tag, uint afid, ReadOnlySpan<byte> uname,
        ReadOnlySpan<byte> aname, uint nUname)
    {
        NinePWriter w = new(frame, MessageType.Tauth, tag);
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
