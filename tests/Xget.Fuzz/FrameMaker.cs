using Xget.NineP;

namespace Xget.Fuzz;

/// <summary>Makes well-formed requests of any kind, with numbers and names that often exist.</summary>
internal sealed class FrameMaker(Random random, Dialect dialect)
{
    private static readonly byte[][] Names =
    [
        "a"u8.ToArray(), "small"u8.ToArray(), "large"u8.ToArray(), "slow"u8.ToArray(), "link"u8.ToArray(),
        "null"u8.ToArray(), "."u8.ToArray(), ".."u8.ToArray(), ""u8.ToArray(), "a/small"u8.ToArray(),
        "user.x"u8.ToArray(), "nope"u8.ToArray(), new byte[60],
    ];

    private readonly byte[] _frame = new byte[70_000];

    public byte[] Version(int msize) => Take(VersionMessage.Write(
        _frame, MessageType.Tversion, NinePLimits.NoTag, (uint)msize, VersionNames.Of(dialect)));

    public byte[] Attach(ushort tag) => Take(Tattach.Write(
        _frame, dialect, tag, 0, NinePLimits.NoFid, "u"u8, ""u8, NinePLimits.NoNUname));

    /// <summary>A request with that tag; if it is a flush, it flushes <paramref name="old"/>.</summary>
    public byte[] Request(ushort tag, ushort old) => Take(random.Next(14) switch
    {
        0 or 1 => Twalk.Write(_frame, tag, Fid(), Fid(),
            [.. Enumerable.Range(0, random.Next(4)).Select(_ => (ReadOnlyMemory<byte>)Name())]),
        2 or 3 => dialect == Dialect.NineP2000L
            ? Tlopen.Write(_frame, tag, Fid(), (uint)random.Next(4))
            : Topen.Write(_frame, tag, Fid(), (byte)random.Next(random.Next(2) == 0 ? 4 : 256)),
        4 or 5 or 6 => ReadRequest.Write(_frame, MessageType.Tread, tag, Fid(), Offset(), Count()),
        7 => dialect == Dialect.NineP2000L
            ? ReadRequest.Write(_frame, MessageType.Treaddir, tag, Fid(), Offset(), Count())
            : ReadRequest.Write(_frame, MessageType.Tread, tag, Fid(), Offset(), Count()),
        8 => Twrite.Write(_frame, tag, Fid(), Offset(), new byte[random.Next(100)]),
        9 => FidMessage.Write(_frame, MessageType.Tclunk, tag, Fid()),
        10 => dialect == Dialect.NineP2000L
            ? Tgetattr.Write(_frame, tag, Fid(), (ulong)random.NextInt64())
            : FidMessage.Write(_frame, MessageType.Tstat, tag, Fid()),
        11 => dialect == Dialect.NineP2000L
            ? Txattrwalk.Write(_frame, tag, Fid(), Fid(), Name())
            : FidMessage.Write(_frame, MessageType.Tremove, tag, Fid()),
        12 => FidMessage.Write(_frame,
            dialect == Dialect.NineP2000L ? MessageType.Treadlink : MessageType.Tstat, tag, Fid()),
        _ => Tflush.Write(_frame, tag, old),
    });

    private uint Fid() => random.Next(20) == 0 ? (uint)random.NextInt64() : (uint)random.Next(8);

    private ulong Offset() => random.Next(3) switch
    {
        0 => 0,
        1 => (ulong)random.Next(100),
        _ => (ulong)random.NextInt64(),
    };

    private uint Count() => random.Next(3) == 0 ? (uint)random.NextInt64() : (uint)random.Next(500);

    private byte[] Name() => Names[random.Next(Names.Length)];

    private byte[] Take(int length) => _frame[..length];
}
