using System.Globalization;
using System.Text;

namespace Xget.NineP;

/// <summary>Prints messages for people, as the table names them: <c>Twalk tag 1 fid 0 newfid 1 wname "img" "data"</c>.</summary>
internal static class TracePrinter
{
    private const int ShownData = 32;

    /// <summary>Prints a message; of one whose data follows elsewhere the header suffices.</summary>
    public static string Print(ReadOnlySpan<byte> frame, Dialect dialect)
    {
        if (frame.Length < NinePLimits.HeaderSize || MessageTable.Find(frame[4]) is not { } definition)
        {
            return $"? {Convert.ToHexString(frame[..Math.Min(frame.Length, ShownData)])}";
        }

        StringBuilder line = new(definition.Name);
        line.Append(" tag ").Append(Wire.U16(frame, 5));
        ReadOnlySpan<byte> body = frame[NinePLimits.HeaderSize..];
        if (body.Length == 4 && definition.Type is MessageType.Rread or MessageType.Rreaddir)
        {
            return line.Append(" count ").Append(Wire.U32(body, 0)).ToString();
        }

        FieldCursor cursor = new(definition, dialect, body);
        while (cursor.Next())
        {
            line.Append(' ').Append(cursor.Field.Name);
            Append(line, cursor.Field.Kind, cursor.Bytes, dialect);
        }

        return (cursor.AtEnd ? line : line.Append(" (malformed)")).ToString();
    }

    private static void Append(StringBuilder line, FieldKind kind, ReadOnlySpan<byte> bytes, Dialect dialect)
    {
        line.Append(' ');
        switch (kind)
        {
            case FieldKind.U8:
                line.Append(bytes[0]);
                break;
            case FieldKind.U16:
                line.Append(Wire.U16(bytes, 0));
                break;
            case FieldKind.U32:
                AppendNumber(line, Wire.U32(bytes, 0));
                break;
            case FieldKind.OptionalU32:
                line.Append(bytes.IsEmpty ? 0 : Wire.U32(bytes, 0));
                break;
            case FieldKind.U64:
                line.Append(Wire.U64(bytes, 0));
                break;
            case FieldKind.String:
                AppendText(line, bytes[2..]);
                break;
            case FieldKind.Data:
                line.Append(bytes.Length - 4).Append(' ');
                AppendText(line, bytes[4..]);
                break;
            case FieldKind.Qid:
                AppendQid(line, Wire.Qid(bytes, 0));
                break;
            case FieldKind.Qids:
                line.Append(Wire.U16(bytes, 0));
                for (int at = 2; at < bytes.Length; at += Qid.Size)
                {
                    AppendQid(line.Append(' '), Wire.Qid(bytes, at));
                }

                break;
            case FieldKind.Names:
                line.Append(Wire.U16(bytes, 0));
                for (int at = 2; at < bytes.Length; at += 2 + Wire.U16(bytes, at))
                {
                    AppendText(line.Append(' '), Wire.String(bytes, at));
                }

                break;
            case FieldKind.Stat:
                AppendStat(line, new StatRecord(bytes[2..], dialect));
                break;
        }
    }

    private static void AppendNumber(StringBuilder line, uint value)
    {
        if (value == uint.MaxValue)
        {
            line.Append("~0");
            return;
        }

        line.Append(value);
    }

    private static void AppendQid(StringBuilder line, Qid qid) =>
        line.Append(CultureInfo.InvariantCulture, $"({(byte)qid.Type:x2} {qid.Version:x} {qid.Path:x})");

    private static void AppendStat(StringBuilder line, StatRecord stat)
    {
        AppendText(line, stat.Name);
        AppendQid(line.Append(' '), stat.Qid);
        line.Append(CultureInfo.InvariantCulture, $" mode {stat.Mode:x} length {stat.Length} mtime {stat.Mtime}");
    }

    private static void AppendText(StringBuilder line, ReadOnlySpan<byte> text)
    {
        line.Append('"');
        foreach (byte b in text[..Math.Min(text.Length, ShownData)])
        {
            if (b is >= 0x20 and < 0x7F and not (byte)'"' and not (byte)'\\')
            {
                line.Append((char)b);
            }
            else
            {
                line.Append(CultureInfo.InvariantCulture, $"\\x{b:x2}");
            }
        }

        line.Append(text.Length > ShownData ? "\"..." : "\"");
    }
}
