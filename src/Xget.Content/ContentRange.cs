using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Content;

/// <summary>
/// What a read of a content gives: bytes in memory, or a range of an open file for sendfile, or an error.
/// </summary>
/// <remarks>
/// The taker disposes it, once, when the bytes have gone out; until then memory and descriptor stay as they are.
/// A value without storage of its own: copies share the one lease.
/// </remarks>
public readonly struct ContentRange : IDisposable
{
    private ContentRange(
        Errno error, ReadOnlyMemory<byte> bytes, SafeFileHandle? file, long offset, int count, IDisposable? lease)
    {
        Error = error;
        Bytes = bytes;
        File = file;
        FileOffset = offset;
        Count = count;
        Lease = lease;
    }

    /// <summary>0, or why there are no bytes (ESTALE: the source is no longer what was published).</summary>
    public Errno Error { get; }

    /// <summary>The bytes, if they are in memory; empty if <see cref="File"/> is set.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The open file that holds the bytes, if they are not in memory.</summary>
    public SafeFileHandle? File { get; }

    /// <summary>The first byte's offset in <see cref="File"/>.</summary>
    public long FileOffset { get; }

    /// <summary>Bytes in the range, in memory or in the file; 0 at the end of the content.</summary>
    public int Count { get; }

    /// <summary>What keeps the bytes in place; null if nothing needs to.</summary>
    public IDisposable? Lease { get; }

    /// <summary>True if there are no bytes because of an error.</summary>
    public bool IsError => Error != 0;

    /// <summary>A range that could not be read.</summary>
    public static ContentRange Failed(Errno error) => new(error, default, null, 0, 0, null);

    /// <summary>A range in memory.</summary>
    public static ContentRange OfBytes(ReadOnlyMemory<byte> bytes, IDisposable? lease = null) =>
        new(0, bytes, null, 0, bytes.Length, lease);

    /// <summary>
    /// A range of an open file, which holds at least <paramref name="count"/> bytes at <paramref name="offset"/>.
    /// </summary>
    public static ContentRange OfFile(SafeFileHandle file, long offset, int count, IDisposable? lease = null) =>
        new(0, default, file, offset, count, lease);

    /// <summary>
    /// Copies all <see cref="Count"/> bytes to the front of <paramref name="destination"/>; 0, or why it cannot.
    /// </summary>
    public Errno CopyTo(Span<byte> destination)
    {
        if (IsError)
            return Error;
        if (File is null)
        {
            Bytes.Span.CopyTo(destination);
            return 0;
        }
        var error = FileCalls.ReadExactly(File, FileOffset, destination[..Count]);
        var changed = Check();    // which is also why a read may have ended too early
        return changed != 0 ? changed : error;
    }

    /// <summary>
    /// After a file's bytes were taken by other means: ESTALE if the file has changed since it was published.
    /// </summary>
    public Errno Check() => IsError ? Error : Lease is CachedFile file ? file.Check() : 0;

    /// <summary>Gives the bytes back.</summary>
    public void Dispose() => Lease?.Dispose();
}
