using System.Buffers.Binary;
using System.Numerics;
using Xget.Content.Store;

namespace Xget.Content.Cache;

/// <summary>The file that says which chunks are in the data file beside it. A decoded one is immutable.</summary>
/// <remarks>
/// Little endian: magic "XGCM", format version 1 (u32), state "done" or "open" (4 bytes), CRC-32C of bytes 16 to 103
/// (u32), boot id (16 bytes), the data file's identity (48, see FORMATS.md), length of the chunk table (u64), chunks
/// (u32), chunks that are there (u32), CRC-32C of the bits (u32), 4 zero bytes; then the encoded chunk table, then a
/// bit for each chunk, the lowest first. The state stands outside the check sums, so that four bytes change it.
/// </remarks>
internal sealed class MapFile
{
    /// <summary>Bytes before the chunk table.</summary>
    public const int HeaderLength = 104;

    /// <summary>Where the state is.</summary>
    public const int StateOffset = 8;

    private const int CheckedFrom = 16;
    private const int FormatVersion = 1;

    private readonly byte[] _header;

    private MapFile(byte[] header) => _header = header;

    /// <summary>The state of a content that is being changed, or was when its process ended.</summary>
    public static ReadOnlySpan<byte> Open => "open"u8;

    /// <summary>The length of the encoded chunk table.</summary>
    public ulong TableLength => BinaryPrimitives.ReadUInt64LittleEndian(_header.AsSpan(80));

    /// <summary>True if every chunk is there.</summary>
    public bool IsComplete => SetCount == Count;

    /// <summary>Chunks in the content.</summary>
    public int Count => BinaryPrimitives.ReadInt32LittleEndian(_header.AsSpan(88));

    /// <summary>Chunks that are there.</summary>
    public int SetCount => BinaryPrimitives.ReadInt32LittleEndian(_header.AsSpan(92));

    private static ReadOnlySpan<byte> Magic => "XGCM"u8;

    private static ReadOnlySpan<byte> Done => "done"u8;

    /// <summary>Bytes in the bits of <paramref name="count"/> chunks.</summary>
    public static int BitsLength(int count) => (int)((count + 7L) / 8);

    /// <summary>A whole file.</summary>
    public static byte[] Encode(ChunkTable table, ChunkMap there, bool isDone, Guid boot, in FileIdentity data)
    {
        ReadOnlySpan<byte> encodedTable = table.Encoded.Span;
        byte[] file = new byte[HeaderLength + encodedTable.Length + BitsLength(table.Count)];
        encodedTable.CopyTo(file.AsSpan(HeaderLength));
        Span<byte> bits = file.AsSpan(HeaderLength + encodedTable.Length);
        int set = 0;
        for (int chunk = 0; chunk < table.Count; chunk++)
        {
            if (!there[chunk])
                continue;
            bits[chunk >> 3] |= (byte)(1 << (chunk & 7));
            set++;
        }
        Magic.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), FormatVersion);
        (isDone ? Done : Open).CopyTo(file.AsSpan(StateOffset));
        boot.TryWriteBytes(file.AsSpan(16));
        data.CopyTo(file.AsSpan(32));
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(80), encodedTable.Length);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(88), table.Count);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(92), set);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(96), Crc32C.Of(bits));
        uint sum = Crc32C.Of(file.AsSpan(CheckedFrom, HeaderLength - CheckedFrom));
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(12), sum);
        return file;
    }

    /// <summary>
    /// Takes the first bytes of a file of <paramref name="fileLength"/> bytes; null if it is no map, or damaged.
    /// </summary>
    public static MapFile? Decode(ReadOnlySpan<byte> header, ulong fileLength)
    {
        if (header.Length < HeaderLength || !header.StartsWith(Magic)
            || BinaryPrimitives.ReadInt32LittleEndian(header[4..]) != FormatVersion
            || BinaryPrimitives.ReadUInt32LittleEndian(header[12..]) != Crc32C.Of(header[CheckedFrom..HeaderLength]))
            return null;
        MapFile map = new(header[..HeaderLength].ToArray());
        bool fits = map.Count is >= 0 and <= ChunkTable.MaxCount && (uint)map.SetCount <= (uint)map.Count
            && map.TableLength == ChunkTable.HeaderLength + (ulong)map.Count * Digest.Size
            && fileLength == HeaderLength + map.TableLength + (ulong)BitsLength(map.Count);
        return fits ? map : null;
    }

    /// <summary>
    /// True if the content was cleanly closed in this boot, and its data file is still as it was left.
    /// </summary>
    public bool Vouches(Guid boot, in FileIdentity data)
    {
        Span<byte> now = stackalloc byte[FileIdentity.EncodedLength];
        data.CopyTo(now);
        return boot != Guid.Empty && new Guid(_header.AsSpan(16, 16)) == boot
            && _header.AsSpan(StateOffset, 4).SequenceEqual(Done)
            && _header.AsSpan(32, FileIdentity.EncodedLength).SequenceEqual(now);
    }

    /// <summary>Sets the chunks that are there according to the bits; false if those are damaged.</summary>
    public bool TryReadBits(ReadOnlySpan<byte> bits, ChunkMap there)
    {
        if (bits.Length != BitsLength(Count) || there.Count != Count
            || BinaryPrimitives.ReadUInt32LittleEndian(_header.AsSpan(96)) != Crc32C.Of(bits))
            return false;
        int set = 0;
        foreach (byte b in bits)
            set += BitOperations.PopCount(b);
        if (set != SetCount || ((Count & 7) != 0 && bits[^1] >> (Count & 7) != 0))
            return false;
        for (int chunk = 0; chunk < Count; chunk++)
        {
            if ((bits[chunk >> 3] & (1 << (chunk & 7))) != 0)
                there.Set(chunk);
        }
        return true;
    }
}
