using System.Buffers.Binary;
using Xget.Content.Linux;

namespace Xget.Content;

/// <summary>
/// What tells that a file still holds the bytes that were hashed. 48 bytes: nodes keep one for every file.
/// </summary>
internal readonly record struct FileIdentity
{
    /// <summary>Bytes that <see cref="CopyTo"/> writes.</summary>
    public const int EncodedLength = 48;

    private const uint NanosecondsPerMillisecond = 1_000_000;

    private readonly long _mtimeSeconds;
    private readonly long _ctimeSeconds;
    private readonly uint _mtimeNanoseconds;
    private readonly uint _ctimeNanoseconds;

    public FileIdentity(ulong device, ulong inode, ulong size, Timestamp mtime, Timestamp ctime)
    {
        Device = device;
        Inode = inode;
        Size = size;
        (_mtimeSeconds, _mtimeNanoseconds) = (mtime.Seconds, mtime.Nanoseconds);
        (_ctimeSeconds, _ctimeNanoseconds) = (ctime.Seconds, ctime.Nanoseconds);
    }

    public ulong Device { get; init; }

    public ulong Inode { get; }

    public ulong Size { get; }

    public Timestamp Mtime => new(_mtimeSeconds, _mtimeNanoseconds);

    /// <summary>
    /// When the inode last changed; <c>default</c> in an identity that is to hold through such changes.
    /// </summary>
    public Timestamp Ctime
    {
        get => new(_ctimeSeconds, _ctimeNanoseconds);
        init => (_ctimeSeconds, _ctimeNanoseconds) = (value.Seconds, value.Nanoseconds);
    }

    /// <summary>
    /// True if the file system shows fractions of a millisecond: its stamps advance at least with the kernel's tick, and
    /// no user can choose a ctime. False in doubt: whole seconds, 10 ms, or a stamp that happens to look like that.
    /// </summary>
    public bool HasFineTimes => _ctimeNanoseconds % NanosecondsPerMillisecond != 0;

    public static FileIdentity Of(in RawStatus status) =>
        new(status.Device, status.Inode, status.Size, status.Mtime.ToTimestamp(), status.Ctime.ToTimestamp());

    /// <summary>True if a file that is <paramref name="now"/> is still the one that was this.</summary>
    public bool Holds(in FileIdentity now) => this == (Ctime == default ? now with { Ctime = default } : now);

    /// <summary>The bytes that make a key of the digest index: see FORMATS.md.</summary>
    public void CopyTo(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Device);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], Inode);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[16..], Size);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], _mtimeSeconds);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[32..], _mtimeNanoseconds);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[36..], _ctimeSeconds);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[44..], _ctimeNanoseconds);
    }
}
