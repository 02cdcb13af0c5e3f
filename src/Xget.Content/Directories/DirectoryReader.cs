using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Xget.Content;

/// <summary>Reads a directory object's bytes, which may be anyone's. See FORMATS.md.</summary>
/// <remarks>Reading past the end gives zeros and sets a flag, so that the layout below reads straight down.</remarks>
internal ref struct DirectoryReader(ReadOnlySpan<byte> encoded)
{
    private ReadOnlySpan<byte> _rest = encoded;
    private bool _tooShort;
    private Digest? _ownDigest;    // of the attributes read last
    private bool _xattrsOutOfOrder;

    /// <summary>Null, or why the bytes are no directory object.</summary>
    public string? Read(out EntryAttributes? self, out ImmutableArray<DirectoryEntry> entries)
    {
        self = null;
        entries = [];
        if (!Bytes((uint)DirectoryWriter.Magic.Length).SequenceEqual(DirectoryWriter.Magic))
            return "not a directory object";
        var version = U32();
        if (!_tooShort && version != DirectoryWriter.FormatVersion)
            return $"unknown directory object version {version}";
        var count = U32();
        self = Attributes();
        if (_tooShort || count > _rest.Length / DirectoryWriter.ShortestEntry)
            return "directory object cut short";
        if (_xattrsOutOfOrder)
            return "xattrs not in order";
        if (_ownDigest is not null)
            return "an own digest of what has no bytes";
        return DirectoryRules.WhyNotSelf(self) ?? Entries((int)count, out entries);
    }

    private string? Entries(int count, out ImmutableArray<DirectoryEntry> entries)
    {
        entries = [];
        var builder = ImmutableArray.CreateBuilder<DirectoryEntry>(count);
        ReadOnlySpan<byte> previous = default;
        for (var i = 0; i < count; i++)
        {
            var name = Bytes(U8());
            var attributes = Attributes();
            var ownDigest = _ownDigest;
            var digest = Bytes(Digest.Size);
            var (offset, length) = (U64(), U64());
            if (_tooShort)
                return "directory object cut short";
            if (!FileName.TryCreate(name, out var fileName, out var reason))
                return reason;
            if (previous.SequenceCompareTo(name) >= 0)
                return "names not in order";
            var entry = new DirectoryEntry
            {
                Name = fileName,
                Attributes = attributes,
                Data = new DataReference(Digest.Read(digest), offset, length),
                OwnDigest = ownDigest,
            };
            if (DirectoryRules.WhyNot(entry) is { } objection)
                return objection;
            if (_xattrsOutOfOrder)
                return "xattrs not in order";
            builder.Add(entry);
            previous = name;
        }
        entries = builder.MoveToImmutable();
        return _rest.Length > 0 ? "bytes after the last entry" : null;
    }

    private EntryAttributes Attributes() => new()
    {
        Type = (EntryType)U8(),
        Mode = U16(),
        Uid = U32(),
        Gid = U32(),
        Mtime = new Timestamp((long)U64(), U32()),
        Size = U64(),
        RdevMajor = U32(),
        RdevMinor = U32(),
        LinkIdentity = U64(),
        LinkCount = U32(),
        SymlinkTarget = Bytes(U16()).ToArray(),
        Xattrs = Xattrs(U16()),
    };

    private ImmutableArray<Xattr> Xattrs(int count)
    {
        const int Shortest = 1 + 1 + sizeof(uint);
        _ownDigest = null;
        if (count > _rest.Length / Shortest)
            _tooShort = true;
        if (_tooShort || count == 0)
            return [];
        var xattrs = ImmutableArray.CreateBuilder<Xattr>(count);
        ReadOnlySpan<byte> previous = default;
        for (var i = 0; i < count && !_tooShort; i++)
        {
            var name = Bytes(U8());
            var value = Bytes(U32());
            _xattrsOutOfOrder |= previous.SequenceCompareTo(name) >= 0;
            // Of another length it stays among the attributes, where the rules refuse it.
            if (name.SequenceEqual(OwnDigestXattr.Name) && value.Length == Digest.Size)
                _ownDigest = Digest.Read(value);
            else
                xattrs.Add(new Xattr(name.ToArray(), value.ToArray()));
            previous = name;
        }
        return xattrs.DrainToImmutable();
    }

    private byte U8() => Bytes(sizeof(byte)) is { Length: > 0 } bytes ? bytes[0] : (byte)0;

    private ushort U16() =>
        Bytes(sizeof(ushort)) is { Length: > 0 } bytes ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : (ushort)0;

    private uint U32() =>
        Bytes(sizeof(uint)) is { Length: > 0 } bytes ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : 0;

    private ulong U64() =>
        Bytes(sizeof(ulong)) is { Length: > 0 } bytes ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : 0;

    private ReadOnlySpan<byte> Bytes(uint count)
    {
        if (_tooShort || count > (uint)_rest.Length)
        {
            _tooShort = true;
            return default;
        }
        var bytes = _rest[..(int)count];
        _rest = _rest[(int)count..];
        return bytes;
    }
}
