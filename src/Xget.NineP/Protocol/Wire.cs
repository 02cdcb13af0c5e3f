using System.Buffers.Binary;

namespace Xget.NineP;

/// <summary>Reads the protocol's primitive values; the caller has checked that the bytes are there.</summary>
internal static class Wire
{
    public static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    public static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    public static ulong U64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);

    public static ReadOnlySpan<byte> String(ReadOnlySpan<byte> bytes, int at) => bytes.Slice(at + 2, U16(bytes, at));

    public static Qid Qid(ReadOnlySpan<byte> bytes, int at) =>
        new((QidType)bytes[at], U32(bytes, at + 1), U64(bytes, at + 5));

    public static Timespec Timespec(ReadOnlySpan<byte> bytes, int at) =>
        new((long)U64(bytes, at), (uint)U64(bytes, at + 8));
}
