using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>Rerror: ename[s], and errno[4] in .u; Rlerror of .L: ecode[4].</summary>
internal readonly ref struct ErrorMessage
{
    public ErrorMessage(ReadOnlySpan<byte> body, Dialect dialect)
    {
        if (dialect == Dialect.NineP2000L)
        {
            Error = ErrorText.Checked(Wire.U32(body, 0));
            return;
        }

        Text = Wire.String(body, 0);
        Error = dialect == Dialect.NineP2000u
            ? ErrorText.Checked(Wire.U32(body, 2 + Text.Length))
            : ErrorText.Parse(Text);
    }

    /// <summary>Never 0: an error that says "no error" counts as EIO.</summary>
    public Errno Error { get; }

    /// <summary>The server's words; none in .L.</summary>
    public ReadOnlySpan<byte> Text { get; }

    public static int Write(Span<byte> frame, Dialect dialect, ushort tag, Errno error, ReadOnlySpan<byte> text)
    {
        if (dialect == Dialect.NineP2000L)
        {
            NinePWriter l = new(frame, MessageType.Rlerror, tag);
            l.U32((uint)error);
            return l.Finish();
        }

        NinePWriter w = new(frame, MessageType.Rerror, tag);
        w.String(text);
        if (dialect == Dialect.NineP2000u)
        {
            w.U32((uint)error);
        }

        return w.Finish();
    }
}
