namespace Xget.NineP;

/// <summary>One line of the table: a message, the dialects that have it, and its fields in order.</summary>
internal sealed class MessageDefinition(MessageType type, string name, Dialects dialects, Field[] fields)
{
    public MessageType Type => type;

    public string Name => name;

    public bool IsRequest => ((byte)type & 1) == 0;

    public ReadOnlySpan<Field> Fields => fields;

    public bool IsIn(Dialect dialect) => ((byte)dialects >> (int)dialect & 1) != 0;

    /// <summary>Whether <paramref name="body"/> (what follows the tag) is exactly this message's fields.</summary>
    public bool Fits(ReadOnlySpan<byte> body, Dialect dialect)
    {
        FieldCursor cursor = new(this, dialect, body);
        while (cursor.Next())
        {
        }

        return cursor.AtEnd;
    }
}
