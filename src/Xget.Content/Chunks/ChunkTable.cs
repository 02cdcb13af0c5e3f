using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Xget.Content;

/// <summary>The digests of a content's chunks; the content's own digest is that of the encoded table.</summary>
/// <remarks>
/// Immutable and thread-safe. All chunks have the same size, a power of two, except the last, which ends where the
/// content ends. Encoded, in little endian: magic "XGCT", format version 1 (u32), size (u64), chunk size (u32), then
/// 32 bytes for each chunk. See FORMATS.md.
/// </remarks>
public sealed class ChunkTable
{
    /// <summary>Bytes before the first chunk's digest in an encoded table.</summary>
    public const int HeaderLength = 20;

    /// <summary>The smallest allowed chunk size, in bytes.</summary>
    public const int SmallestChunk = 4 << 10;

    /// <summary>The largest allowed chunk size, in bytes.</summary>
    public const int LargestChunk = 16 << 20;

    /// <summary>The most chunks in a content: a table of 1 GiB, 32 TiB in chunks of 1 MiB.</summary>
    public const int MaxCount = 1 << 25;

    private const int FormatVersion = 2;
    private const int UsualSmallestChunk = 32 << 10;
    private const int UsualSmallChunk = 64 << 10;
    private const int UsualLargestChunk = 1 << 20;
    private const int UsualCount = 1024;
    private const int UsualMaxCount = 4096;

    private readonly ReadOnlyMemory<byte> _encoded;
    private int _lastIsZero;    // 0 unknown, 1 yes, -1 no: computed at the first question

    private ChunkTable(ReadOnlyMemory<byte> encoded, Digest content)
    {
        _encoded = encoded;
        (Size, ChunkSize) = ReadHeader(encoded.Span);
        Count = (encoded.Length - HeaderLength) / Digest.Size;
        Content = content;
    }

    private static ReadOnlySpan<byte> Magic => "XGCT"u8;

    /// <summary>Bytes in the content.</summary>
    public ulong Size { get; }

    /// <summary>Bytes in each chunk but the last.</summary>
    public int ChunkSize { get; }

    /// <summary>Chunks in the content; 0 if it is empty.</summary>
    public int Count { get; }

    /// <summary>The content's digest: that of <see cref="Encoded"/>.</summary>
    public Digest Content { get; }

    /// <summary>The table's bytes, as they go over the wire.</summary>
    public ReadOnlyMemory<byte> Encoded => _encoded;

    /// <summary>The digest of chunk <paramref name="index"/>.</summary>
    public Digest this[int index]
    {
        get
        {
            CheckIndex(index);
            return Digest.Read(_encoded.Span.Slice(HeaderLength + index * Digest.Size, Digest.Size));
        }
    }

    /// <summary>
    /// The chunk size for a content of <paramref name="size"/> bytes, 32 KiB to 1 MiB: the smallest with at most 1024
    /// chunks up to 64 KiB, with at most 4096 beyond. Many, since each level of a distribution tree costs the time of a
    /// chunk; not more, since each chunk costs processor time.
    /// </summary>
    public static int ChunkSizeFor(ulong size)
    {
        var chunkSize = UsualSmallestChunk;
        while (chunkSize < UsualSmallChunk && size > (ulong)chunkSize * UsualCount)
            chunkSize *= 2;
        while (chunkSize < UsualLargestChunk && size > (ulong)chunkSize * UsualMaxCount)
            chunkSize *= 2;
        return chunkSize;
    }

    /// <summary>
    /// Bytes in the encoded table of a content of <paramref name="size"/> bytes with the usual chunk size.
    /// </summary>
    public static long EncodedLengthFor(ulong size) => EncodedLengthFor(size, ChunkSizeFor(size));

    /// <summary>Bytes in the encoded table; meaningful only where <see cref="WhyNot"/> has no objection.</summary>
    public static long EncodedLengthFor(ulong size, int chunkSize) =>
        HeaderLength + (long)CountFor(size, chunkSize) * Digest.Size;

    /// <summary>Bytes in the encoded table that begins with these; 0 if no table does.</summary>
    public static long EncodedLengthOf(ReadOnlySpan<byte> header)
    {
        if (header.Length < HeaderLength || !header.StartsWith(Magic))
            return 0;
        var (size, chunkSize) = ReadHeader(header);
        return WhyNot(size, chunkSize) is null ? EncodedLengthFor(size, chunkSize) : 0;
    }

    /// <summary>Why there can be no table with these numbers, or null if there can.</summary>
    public static string? WhyNot(ulong size, int chunkSize) =>
        chunkSize is < SmallestChunk or > LargestChunk || !int.IsPow2(chunkSize)
            ? $"chunk size {chunkSize} is not a power of two from {SmallestChunk} to {LargestChunk}"
        : CountFor(size, chunkSize) > MaxCount ? $"{size} bytes are more than {MaxCount} chunks of {chunkSize}"
        : null;

    /// <summary>
    /// Takes an encoded table whose digest must be <paramref name="expected"/>; says what is wrong with one that it
    /// refuses.
    /// </summary>
    /// <remarks>
    /// Keeps <paramref name="encoded"/>, which must not change any more. Allocates nothing in proportion to it.
    /// </remarks>
    public static bool TryDecode(ReadOnlyMemory<byte> encoded, Digest expected,
        [NotNullWhen(true)] out ChunkTable? table, [NotNullWhen(false)] out string? reason)
    {
        table = null;
        reason = WhyNotEncoded(encoded.Span);
        if (reason is null && Digest.Of(encoded.Span) != expected)
            reason = "the chunk table is not the one that the digest names";
        if (reason is not null)
            return false;
        table = new ChunkTable(encoded, expected);
        return true;
    }

    /// <summary>The table of a content that is in memory.</summary>
    public static ChunkTable Of(ReadOnlySpan<byte> bytes)
    {
        var builder = new ChunkTableBuilder((ulong)bytes.Length);
        for (var i = 0; i < builder.Count; i++)
            builder.Set(i, Digest.Of(bytes.Slice((int)builder.OffsetOf(i), builder.LengthOf(i))));
        return builder.Build();
    }

    /// <summary>The number of the chunk with the byte at <paramref name="offset"/>, which must be before the content's end.</summary>
    public int IndexOf(ulong offset) => (int)(offset / (uint)ChunkSize);

    /// <summary>Where chunk <paramref name="index"/> begins in the content.</summary>
    public ulong OffsetOf(int index)
    {
        CheckIndex(index);
        return (ulong)index * (uint)ChunkSize;
    }

    /// <summary>Bytes in chunk <paramref name="index"/>: the chunk size, or what is left for the last one.</summary>
    public int LengthOf(int index) => (int)Math.Min((ulong)ChunkSize, Size - OffsetOf(index));

    /// <summary>Where the next chunk begins, or the content ends.</summary>
    public ulong EndOf(int index) => OffsetOf(index) + (ulong)LengthOf(index);

    /// <summary>
    /// True if <paramref name="bytes"/> are those of chunk <paramref name="index"/>, in length and digest.
    /// </summary>
    public bool Matches(int index, ReadOnlySpan<byte> bytes) =>
        bytes.Length == LengthOf(index) && Digest.Of(bytes) == this[index];

    /// <summary>True if the chunk is all zeros, so that it need not be transferred.</summary>
    public bool IsZero(int index)
    {
        if (LengthOf(index) == ChunkSize)
            return this[index] == ZeroChunk.DigestOf(ChunkSize);
        if (_lastIsZero == 0)
            _lastIsZero = this[index] == ZeroChunk.DigestOf(LengthOf(index)) ? 1 : -1;
        return _lastIsZero > 0;
    }

    /// <summary>The size and the digest.</summary>
    public override string ToString() => $"{Content}, {Size} bytes in {Count} chunks";

    internal static ulong CountFor(ulong size, int chunkSize) =>
        size / (uint)chunkSize + (size % (uint)chunkSize == 0 ? 0u : 1u);

    internal static void WriteHeader(Span<byte> encoded, ulong size, int chunkSize)
    {
        Magic.CopyTo(encoded);
        BinaryPrimitives.WriteUInt32LittleEndian(encoded[4..], FormatVersion);
        BinaryPrimitives.WriteUInt64LittleEndian(encoded[8..], size);
        BinaryPrimitives.WriteInt32LittleEndian(encoded[16..], chunkSize);
    }

    private static (ulong Size, int ChunkSize) ReadHeader(ReadOnlySpan<byte> encoded) =>
        (BinaryPrimitives.ReadUInt64LittleEndian(encoded[8..]), BinaryPrimitives.ReadInt32LittleEndian(encoded[16..]));

    internal static ChunkTable FromBuilder(ReadOnlyMemory<byte> encoded) => new(encoded, Digest.Of(encoded.Span));

    private static string? WhyNotEncoded(ReadOnlySpan<byte> encoded)
    {
        if (encoded.Length < HeaderLength || !encoded.StartsWith(Magic))
            return "not a chunk table";
        var version = BinaryPrimitives.ReadUInt32LittleEndian(encoded[4..]);
        if (version != FormatVersion)
            return $"unknown chunk table version {version}";
        var (size, chunkSize) = ReadHeader(encoded);
        return WhyNot(size, chunkSize)
            ?? (encoded.Length == EncodedLengthFor(size, chunkSize) ? null : "the chunk table's length is not right");
    }

    private void CheckIndex(int index) =>
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
}
