namespace Xget.NineP;

/// <summary>
/// Walks over a message's fields as the table has them, checking each length against the bytes that are there. What it
/// has passed to the end the typed views may read without another check.
/// </summary>
internal ref struct FieldCursor(MessageDefinition definition, Dialect dialect, ReadOnlySpan<byte> body)
{
    private ReadOnlySpan<byte> _rest = body;
    private int _index = -1;

    /// <summary>The field that <see cref="Next"/> came to.</summary>
    public readonly Field Field => definition.Fields[_index];

    /// <summary>Its bytes, with their count in front where it has one.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Whether all fields were there and nothing follows them.</summary>
    public readonly bool AtEnd => _index == definition.Fields.Length && _rest.IsEmpty;

    /// <summary>Moves to the next field of this dialect; false at the end or where the bytes do not suffice.</summary>
    public bool Next()
    {
        while (++_index < definition.Fields.Length)
        {
            Field field = definition.Fields[_index];
            if (((byte)field.In >> (int)dialect & 1) == 0)
            {
                continue;
            }

            int length = LengthOf(field.Kind, _rest, dialect);
            if (length < 0 || length > _rest.Length)
            {
                return false;
            }

            Bytes = _rest[..length];
            _rest = _rest[length..];
            return true;
        }

        return false;
    }

    /// <summary>The length of a field at the start of <paramref name="at"/>, or -1 if it is broken.</summary>
    private static int LengthOf(FieldKind kind, ReadOnlySpan<byte> at, Dialect dialect) => kind switch
    {
        FieldKind.U8 => 1,
        FieldKind.U16 => 2,
        FieldKind.U32 => 4,
        FieldKind.U64 => 8,
        FieldKind.Qid => Qid.Size,
        FieldKind.OptionalU32 => at.IsEmpty ? 0 : 4,
        FieldKind.String => at.Length < 2 ? -1 : 2 + Wire.U16(at, 0),
        FieldKind.Data => at.Length < 4 || Wire.U32(at, 0) != (uint)(at.Length - 4) ? -1 : at.Length,
        FieldKind.Qids => at.Length < 2 ? -1 : 2 + Qid.Size * Wire.U16(at, 0),
        FieldKind.Names => LengthOfNames(at),
        FieldKind.Stat => LengthOfStat(at, dialect),
        _ => -1,
    };

    private static int LengthOfNames(ReadOnlySpan<byte> at)
    {
        if (at.Length < 2)
        {
            return -1;
        }

        int length = 2;
        for (int n = Wire.U16(at, 0); n > 0; n--)
        {
            if (at.Length - length < 2)
            {
                return -1;
            }

            length += 2 + Wire.U16(at, length);
            if (length > at.Length)
            {
                return -1;
            }
        }

        return length;
    }

    private static int LengthOfStat(ReadOnlySpan<byte> at, Dialect dialect)
    {
        if (at.Length < 2)
        {
            return -1;
        }

        int length = Wire.U16(at, 0);
        return at.Length - 2 >= length && StatRecord.LengthOf(at.Slice(2, length), dialect) == length ? 2 + length : -1;
    }
}
