namespace Xget.NineP;

/// <summary>
/// Rlock: status[1], and Rgetlock: type[1] start[8] length[8] proc_id[4] client_id[s]. What is served never changes,
/// so a lock guards nothing: every lock is granted, and none is ever in the way.
/// </summary>
internal static class LockMessages
{
    private const byte Granted = 0;
    private const byte Unlocked = 2;

    public static int WriteRlock(Span<byte> frame, ushort tag)
    {
        NinePWriter w = new(frame, MessageType.Rlock, tag);
        w.U8(Granted);
        return w.Finish();
    }

    /// <param name="frame">Where to.</param>
    /// <param name="tag">The request's tag.</param>
    /// <param name="request">The body of the Tgetlock: fid[4], then what the reply repeats.</param>
    public static int WriteRgetlock(Span<byte> frame, ushort tag, ReadOnlySpan<byte> request)
    {
        NinePWriter w = new(frame, MessageType.Rgetlock, tag);
        w.U8(Unlocked);
        w.Bytes(request[5..]);
        return w.Finish();
    }
}
