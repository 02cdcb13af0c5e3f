using System.Buffers.Binary;

namespace Xget.Content;

/// <summary>Writes a directory object's canonical bytes into a span of the right length. See FORMATS.md.</summary>
internal ref struct DirectoryWriter(Span<byte> destination)
{
    public const int HeaderLength = 12;
    public const int FormatVersion = 1;

    /// <summary>The fewest bytes that attributes can take: an empty target, no xattrs.</summary>
    public const int ShortestAttributes = 55;

    public const int DataLength = Digest.Size + 2 * sizeof(ulong);

    /// <summary>The fewest bytes that an entry can take: a name of one byte.</summary>
    public const int ShortestEntry = 2 + ShortestAttributes + DataLength;

    private Span<byte> _rest = destination;

    public static ReadOnlySpan<byte> Magic => "XGDO"u8;

    public static long LengthOf(DirectoryObject directory)
    {
        long length = HeaderLength + LengthOf(directory.Self);
        foreach (var entry in directory.Entries)
        {
            length += 1 + entry.Name.Length + LengthOf(entry.Attributes) + DataLength
                + (entry.StatedOwnDigest is null ? 0 : OwnDigestXattr.EncodedLength);
        }
        return length;
    }

    public void Write(DirectoryObject directory)
    {
        Bytes(Magic);
        U32(FormatVersion);
        U32((uint)directory.Entries.Length);
        Attributes(directory.Self, null);
        foreach (var entry in directory.Entries)
        {
            U8((byte)entry.Name.Length);
            Bytes(entry.Name.Bytes);
            Attributes(entry.Attributes, entry.StatedOwnDigest);
            entry.Data.Content.CopyTo(_rest);
            _rest = _rest[Digest.Size..];
            U64(entry.Data.Offset);
            U64(entry.Data.Length);
        }
    }

    private static long LengthOf(EntryAttributes attributes)
    {
        long length = ShortestAttributes + attributes.SymlinkTarget.Length;
        foreach (var xattr in attributes.Xattrs)
            length += 1 + xattr.Name.Length + sizeof(uint) + xattr.Value.Length;
        return length;
    }

    private void Attributes(EntryAttributes attributes, Digest? ownDigest)
    {
        U8((byte)attributes.Type);
        U16(attributes.Mode);
        U32(attributes.Uid);
        U32(attributes.Gid);
        U64((ulong)attributes.Mtime.Seconds);
        U32(attributes.Mtime.Nanoseconds);
        U64(attributes.Size);
        U32(attributes.RdevMajor);
        U32(attributes.RdevMinor);
        U64(attributes.LinkIdentity);
        U32(attributes.LinkCount);
        U16((ushort)attributes.SymlinkTarget.Length);
        Bytes(attributes.SymlinkTarget);
        U16((ushort)(attributes.Xattrs.Length + (ownDigest is null ? 0 : 1)));
        foreach (var xattr in attributes.Xattrs)
        {
            if (ownDigest is { } before && OwnDigestXattr.Name.SequenceCompareTo(xattr.Name) < 0)
            {
                Own(before);
                ownDigest = null;
            }
            U8((byte)xattr.Name.Length);
            Bytes(xattr.Name);
            U32((uint)xattr.Value.Length);
            Bytes(xattr.Value);
        }
        if (ownDigest is { } last)
            Own(last);
    }

    private void Own(Digest digest)
    {
        U8((byte)OwnDigestXattr.Name.Length);
        Bytes(OwnDigestXattr.Name);
        U32(Digest.Size);
        digest.CopyTo(_rest);
        _rest = _rest[Digest.Size..];
    }

    private void U8(byte value)
    {
        _rest[0] = value;
        _rest = _rest[1..];
    }

    private void U16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_rest, value);
        _rest = _rest[sizeof(ushort)..];
    }

    private void U32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_rest, value);
        _rest = _rest[sizeof(uint)..];
    }

    private void U64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_rest, value);
        _rest = _rest[sizeof(ulong)..];
    }

    private void Bytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_rest);
        _rest = _rest[bytes.Length..];
    }
}
