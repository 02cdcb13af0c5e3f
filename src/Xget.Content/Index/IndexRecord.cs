using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Xget.Content;

/// <summary>The layout of the index file's header and records: see FORMATS.md.</summary>
internal static class IndexRecord
{
    public const int HeaderLength = 8;

    /// <summary>Length and CRC-32C in front of each record's body.</summary>
    public const int FrameLength = 8;

    private const int FormatVersion = 3;
    private const int FixedLength = 2 * Digest.Size + sizeof(uint);    // key, content digest, number of files

    public static ReadOnlySpan<byte> Magic => "XGIX"u8;

    public static byte[] Header()
    {
        var header = new byte[HeaderLength];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), FormatVersion);
        return header;
    }

    public static int LengthOf(IndexedContent content) =>
        FrameLength + FixedLength + sizeof(uint) * content.Adlers.Length
        + Digest.Size * content.OwnDigests.Length + content.Table.Encoded.Length;

    public static byte[] Encode(Digest key, IndexedContent content)
    {
        var record = new byte[LengthOf(content)];
        var body = record.AsSpan(FrameLength);
        key.CopyTo(body);
        content.Table.Content.CopyTo(body[Digest.Size..]);
        BinaryPrimitives.WriteInt32LittleEndian(body[(2 * Digest.Size)..], content.Adlers.Length);
        var rest = body[FixedLength..];
        foreach (var adler in content.Adlers)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(rest, adler);
            rest = rest[sizeof(uint)..];
        }
        foreach (var digest in content.OwnDigests)
        {
            digest.CopyTo(rest);
            rest = rest[Digest.Size..];
        }
        content.Table.Encoded.Span.CopyTo(rest);
        BinaryPrimitives.WriteInt32LittleEndian(record, body.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(4), Crc32C.Of(body));
        return record;
    }

    /// <summary>Bytes in the body that follows a frame; negative if there can be no such record.</summary>
    public static int BodyLength(ReadOnlySpan<byte> frame)
    {
        var length = BinaryPrimitives.ReadUInt32LittleEndian(frame);
        return length < FixedLength + ChunkTable.HeaderLength || length > Array.MaxLength ? -1 : (int)length;
    }

    /// <summary>
    /// Reads a body, which is kept as the table's storage; false if any of it is not as it was written.
    /// </summary>
    public static bool TryDecode(
        ReadOnlySpan<byte> frame, ReadOnlyMemory<byte> body, out Digest key, out IndexedContent? content)
    {
        key = default;
        content = null;
        var bytes = body.Span;
        if (Crc32C.Of(bytes) != BinaryPrimitives.ReadUInt32LittleEndian(frame[4..]))
            return false;
        key = Digest.Read(bytes);
        var files = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(2 * Digest.Size)..]);
        if (files > (uint)(bytes.Length - FixedLength) / sizeof(uint))
            return false;
        var adlers = ImmutableArray.CreateBuilder<uint>((int)files);
        for (var i = 0; i < files; i++)
            adlers.Add(BinaryPrimitives.ReadUInt32LittleEndian(bytes[(FixedLength + i * sizeof(uint))..]));
        var place = FixedLength + (int)files * sizeof(uint);
        if (files > 1 && files > (uint)(bytes.Length - place) / Digest.Size)
            return false;
        var owns = ImmutableArray.CreateBuilder<Digest>(files > 1 ? (int)files : 0);
        for (; owns.Count < owns.Capacity; place += Digest.Size)
            owns.Add(Digest.Read(bytes[place..]));
        var encoded = body[place..];
        if (!ChunkTable.TryDecode(encoded, Digest.Read(bytes[Digest.Size..]), out var table, out _))
            return false;
        content = new IndexedContent(table, adlers.MoveToImmutable(), owns.MoveToImmutable());
        return true;
    }
}
