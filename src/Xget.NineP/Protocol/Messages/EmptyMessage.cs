namespace Xget.NineP;

/// <summary>The replies that say only "done": Rflush, Rclunk, Rfsync.</summary>
internal static class EmptyMessage
{
    public static int Write(Span<byte> frame, MessageType type, ushort tag) => new NinePWriter(frame, type, tag).Finish();
}
