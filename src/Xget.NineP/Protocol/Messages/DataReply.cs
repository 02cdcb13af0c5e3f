namespace Xget.NineP;

/// <summary>Rread and Rreaddir: count[4] data.</summary>
internal readonly ref struct DataReply(ReadOnlySpan<byte> body)
{
    private readonly ReadOnlySpan<byte> _body = body;

    public ReadOnlySpan<byte> Data => _body[4..];

    public static int Write(Span<byte> frame, MessageType type, ushort tag, ReadOnlySpan<byte> data)
    {
        NinePWriter w = new(frame, type, tag);
        w.Data(data);
        return w.Finish();
    }

    /// <summary>Writes the eleven bytes before data that are sent from elsewhere.</summary>
    public static int WriteHeader(Span<byte> frame, MessageType type, ushort tag, int count)
    {
        NinePWriter w = new(frame, type, tag);
        w.U32((uint)count);
        return w.Finish(NinePLimits.ReadHeaderSize + count);
    }
}
