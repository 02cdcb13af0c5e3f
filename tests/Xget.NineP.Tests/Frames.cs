using System.Text;
using Mono.Unix.Native;

namespace Xget.NineP.Tests;

/// <summary>Whole messages, as a peer would send them.</summary>
internal static class Frames
{
    public delegate int Writer(Span<byte> frame);

    public static byte[] Make(Writer write, int size = 70_000)
    {
        byte[] frame = new byte[size];
        return frame[..write(frame)];
    }

    public static byte[] Version(uint msize, string version, MessageType type = MessageType.Tversion) =>
        Make(f => VersionMessage.Write(f, type, NinePLimits.NoTag, msize, Bytes(version)));

    public static byte[] Attach(ushort tag, uint fid, string aname = "", Dialect dialect = Dialect.NineP2000L,
        string uname = "root", uint nUname = 0, uint afid = NinePLimits.NoFid) =>
        Make(f => Tattach.Write(f, dialect, tag, fid, afid, Bytes(uname), Bytes(aname), nUname));

    public static byte[] Walk(ushort tag, uint fid, uint newFid, params string[] names) =>
        Make(f => Twalk.Write(f, tag, fid, newFid, Array.ConvertAll(names, n => (ReadOnlyMemory<byte>)Bytes(n))));

    public static byte[] Open(ushort tag, uint fid, byte mode) => Make(f => Topen.Write(f, tag, fid, mode));

    public static byte[] LOpen(ushort tag, uint fid, OpenFlags flags = OpenFlags.O_RDONLY) =>
        Make(f => Tlopen.Write(f, tag, fid, (uint)flags));

    public static byte[] Read(ushort tag, uint fid, ulong offset, uint count) =>
        Make(f => ReadRequest.Write(f, MessageType.Tread, tag, fid, offset, count));

    public static byte[] ReadDir(ushort tag, uint fid, ulong offset, uint count) =>
        Make(f => ReadRequest.Write(f, MessageType.Treaddir, tag, fid, offset, count));

    public static byte[] Write(ushort tag, uint fid, ulong offset, byte[] data) =>
        Make(f => Twrite.Write(f, tag, fid, offset, data), data.Length + 64);

    public static byte[] Fid(MessageType type, ushort tag, uint fid) => Make(f => FidMessage.Write(f, type, tag, fid));

    public static byte[] Clunk(ushort tag, uint fid) => Fid(MessageType.Tclunk, tag, fid);

    public static byte[] Flush(ushort tag, ushort oldTag) => Make(f => Tflush.Write(f, tag, oldTag));

    public static byte[] XattrWalk(ushort tag, uint fid, uint newFid, string name) =>
        Make(f => Txattrwalk.Write(f, tag, fid, newFid, Bytes(name)));

    public static byte[] GetAttributes(ushort tag, uint fid, ulong mask = Tgetattr.Basic) =>
        Make(f => Tgetattr.Write(f, tag, fid, mask));

    public static byte[] Data(MessageType type, ushort tag, byte[] data) =>
        Make(f => DataReply.Write(f, type, tag, data), data.Length + 64);

    public static byte[] Error(Dialect dialect, ushort tag, Errno error, string text = "") =>
        Make(f => ErrorMessage.Write(f, dialect, tag, error, Bytes(text)));

    public static byte[] Empty(MessageType type, ushort tag) => Make(f => EmptyMessage.Write(f, type, tag));

    /// <summary>A message of any type with any body.</summary>
    public static byte[] Raw(byte type, ushort tag, params byte[] body) => Make(f =>
    {
        NinePWriter w = new(f, (MessageType)type, tag);
        w.Bytes(body);
        return w.Finish();
    });

    public static MessageType TypeOf(byte[] frame) => (MessageType)frame[4];

    public static ushort TagOf(byte[] frame) => Wire.U16(frame, 5);

    public static ReadOnlySpan<byte> BodyOf(byte[] frame) => frame.AsSpan(NinePLimits.HeaderSize);

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
