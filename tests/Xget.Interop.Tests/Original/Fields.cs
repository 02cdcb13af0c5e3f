using System.Text;

namespace Xget.Interop.Tests.Original;

/// <summary>Puts the fields of a message behind each other.</summary>
internal sealed class Fields
{
    private readonly List<byte> _bytes = [];

    public Fields U8(byte value) => Add([value]);

    public Fields U16(int value) => Add([(byte)value, (byte)(value >> 8)]);

    public Fields U32(uint value) => U16((ushort)value).U16((int)(value >> 16));

    public Fields U64(ulong value) => U32((uint)value).U32((uint)(value >> 32));

    public Fields Text(string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        return U16(bytes.Length).Add(bytes);
    }

    public Fields Add(ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public byte[] ToArray() => [.. _bytes];
}
