using System.Buffers.Binary;
using System.Text;

namespace Xget.Interop.Tests.Original;

/// <summary>Takes the fields of a message one after the other; too short a message is an exception.</summary>
internal sealed class Taker(ReadOnlyMemory<byte> rest)
{
    private ReadOnlyMemory<byte> _rest = rest;

    public bool IsEmpty => _rest.IsEmpty;

    public byte U8() => Take(1).Span[0];

    public ushort U16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2).Span);

    public uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4).Span);

    public ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8).Span);

    public string Text() => Encoding.UTF8.GetString(Take(U16()).Span);

    public ReadOnlyMemory<byte> Take(int count)
    {
        ReadOnlyMemory<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
