using System.Buffers.Binary;

namespace Xget.NineP;

/// <summary>Writes one message into a span. What does not fit is noticed at the end, by <see cref="Finish()"/>.</summary>
internal ref struct NinePWriter
{
    private readonly Span<byte> _frame;
    private int _length;
    private bool _overflow;

    public NinePWriter(Span<byte> frame, MessageType type, ushort tag)
    {
        _frame = frame;
        U32(0);
        U8((byte)type);
        U16(tag);
    }

    /// <summary>Writes bare bytes, without a message around them.</summary>
    public NinePWriter(Span<byte> bytes) => _frame = bytes;

    public void U8(byte value)
    {
        if (Room(1) is { IsEmpty: false } to)
        {
            to[0] = value;
        }
    }

    public void U16(ushort value)
    {
        if (Room(2) is { IsEmpty: false } to)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(to, value);
        }
    }

    public void U32(uint value)
    {
        if (Room(4) is { IsEmpty: false } to)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(to, value);
        }
    }

    public void U64(ulong value)
    {
        if (Room(8) is { IsEmpty: false } to)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(to, value);
        }
    }

    public void Qid(Qid qid)
    {
        U8((byte)qid.Type);
        U32(qid.Version);
        U64(qid.Path);
    }

    public void Timespec(Timespec time)
    {
        U64((ulong)time.Seconds);
        U64(time.Nanoseconds);
    }

    public void String(scoped ReadOnlySpan<byte> bytes)
    {
        _overflow |= bytes.Length > ushort.MaxValue;
        U16((ushort)bytes.Length);
        Bytes(bytes);
    }

    /// <summary>A number as decimal text.</summary>
    public void Decimal(uint value)
    {
        Span<byte> digits = stackalloc byte[10];
        value.TryFormat(digits, out int count);
        String(digits[..count]);
    }

    public void Data(scoped ReadOnlySpan<byte> bytes)
    {
        U32((uint)bytes.Length);
        Bytes(bytes);
    }

    public void Bytes(scoped ReadOnlySpan<byte> bytes)
    {
        Span<byte> to = Room(bytes.Length);
        if (!_overflow)
        {
            bytes.CopyTo(to);
        }
    }

    /// <summary>Puts a count in front of what was written after it.</summary>
    public readonly void PatchU16(int at, int value)
    {
        if (!_overflow)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(_frame[at..], (ushort)value);
        }
    }

    /// <summary>Completes the message's size; the number of bytes written, or 0 if they did not fit.</summary>
    public readonly int Finish() => Finish(_length);

    /// <summary>The same for a message of which only the first bytes are written here.</summary>
    public readonly int Finish(int size)
    {
        if (_overflow)
        {
            return 0;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(_frame, (uint)size);
        return _length;
    }

    /// <summary>The number of bare bytes written, or 0 if they did not fit.</summary>
    public readonly int FinishBare() => _overflow ? 0 : _length;

    private Span<byte> Room(int count)
    {
        if (_overflow || count > _frame.Length - _length)
        {
            _overflow = true;
            return default;
        }

        Span<byte> room = _frame.Slice(_length, count);
        _length += count;
        return room;
    }
}
