using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>What a read gives: an error, bytes, or a range of a file that is sent without passing through memory.</summary>
public readonly struct ReadResult
{
    private ReadResult(Errno error, ReadOnlyMemory<byte> data, SafeFileHandle? handle, long offset, int count,
        IDisposable? owner)
    {
        Error = error;
        Data = data;
        Handle = handle;
        Offset = offset;
        Count = count;
        Owner = owner;
    }

    /// <summary>0, or why there are no bytes.</summary>
    public Errno Error { get; }

    /// <summary>The bytes, unless they come from <see cref="Handle"/>.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>The file that the bytes come from.</summary>
    public SafeFileHandle? Handle { get; }

    /// <summary>First byte in <see cref="Handle"/>.</summary>
    public long Offset { get; }

    /// <summary>Number of bytes.</summary>
    public int Count { get; }

    /// <summary>Disposed once the reply is sent or dropped.</summary>
    public IDisposable? Owner { get; }

    /// <summary>No bytes, because of <paramref name="error"/>.</summary>
    public static ReadResult Failed(Errno error) => new(error, default, null, 0, 0, null);

    /// <summary>Bytes in memory, which must not change until <paramref name="owner"/> is disposed.</summary>
    public static ReadResult Bytes(ReadOnlyMemory<byte> data, IDisposable? owner = null) =>
        new(0, data, null, 0, data.Length, owner);

    /// <summary>A range of a regular file, which must hold all of it: a shorter one costs the connection.</summary>
    public static ReadResult File(SafeFileHandle file, long offset, int count, IDisposable? owner = null) =>
        new(0, default, file, offset, count, owner);
}
