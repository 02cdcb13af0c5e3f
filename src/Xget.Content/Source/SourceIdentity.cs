using System.Buffers.Binary;
using Xget.Content.Linux;

namespace Xget.Content;

/// <summary>What tells that a file still holds the bytes that were hashed.</summary>
internal readonly record struct SourceIdentity(ulong Device, ulong Inode, ulong Size, Timestamp Mtime, Timestamp Ctime)
{
    /// <summary>Bytes that <see cref="CopyTo"/> writes.</summary>
    public const int EncodedLength = 48;

    public static SourceIdentity Of(in RawStatus status) =>
        new(status.Device, status.Inode, status.Size, status.Mtime.ToTimestamp(), status.Ctime.ToTimestamp());

    /// <summary>The bytes that make a key of the digest index: see FORMATS.md.</summary>
    public void CopyTo(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Device);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], Inode);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], Size);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], Mtime.Seconds);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[32..], Mtime.Nanoseconds);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[36..], Ctime.Seconds);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[44..], Ctime.Nanoseconds);
    }
}
