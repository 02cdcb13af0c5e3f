using Microsoft.Win32.SafeHandles;

namespace Xget.Fuse;

/// <summary>
/// What a read gives: bytes, or a range of a file that is read straight into the reply. For a file that is not open
/// with <see cref="FuseOpenFlags.DirectIO"/> fewer bytes than asked for mean the end of the file, and the kernel then
/// cuts the file's size: answer in full, or with an error.
/// </summary>
public readonly struct FuseData
{
    private FuseData(ReadOnlyMemory<byte> data, SafeFileHandle? handle, long offset, int count, IDisposable? owner)
    {
        Data = data;
        Handle = handle;
        Offset = offset;
        Count = count;
        Owner = owner;
    }

    /// <summary>The bytes, unless they come from <see cref="Handle"/>.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>The file that the bytes come from.</summary>
    public SafeFileHandle? Handle { get; }

    /// <summary>First byte in <see cref="Handle"/>.</summary>
    public long Offset { get; }

    /// <summary>Number of bytes; what is more than was asked for is left out.</summary>
    public int Count { get; }

    /// <summary>Disposed once the reply is sent or dropped.</summary>
    public IDisposable? Owner { get; }

    /// <summary>Bytes in memory, which must not change until <paramref name="owner"/> is disposed.</summary>
    public static FuseData Bytes(ReadOnlyMemory<byte> data, IDisposable? owner = null) =>
        new(data, null, 0, data.Length, owner);

    /// <summary>A range of a file, which must hold all of it: if it is shorter the read fails with EIO.</summary>
    public static FuseData File(SafeFileHandle file, long offset, int count, IDisposable? owner = null) =>
        new(default, file, offset, count, owner);
}
