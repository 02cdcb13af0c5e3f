using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <summary>
/// Writes and copies that leave holes where there are only zeros. The file's space must be holes beforehand.
/// </summary>
internal static class SparseFile
{
    /// <summary>Zeros are left out in aligned blocks of this many bytes, the page and the usual block size.</summary>
    public const int Block = 4096;

    // Any file system that has copy_file_range splits larger calls anyway.
    private const long CopyAtOnce = 1 << 30;
    private const int BufferLength = 256 << 10;

    /// <summary>
    /// Writes what is not zero; bytes at the end of the file may thus need a truncate to come into being.
    /// </summary>
    public static Errno Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        int begin = 0; // of the run of blocks that have to be written
        for (int at = 0; at < bytes.Length;)
        {
            int length = Math.Min(Block - (int)((offset + at) & (Block - 1)), bytes.Length - at);
            if (bytes.Slice(at, length).ContainsAnyExcept((byte)0))
            {
                at += length;
                continue;
            }
            if (begin < at && NativeStore.Write(file, bytes[begin..at], offset + begin) is var error and not 0)
                return error;
            at += length;
            begin = at;
        }
        return begin < bytes.Length ? NativeStore.Write(file, bytes[begin..], offset + begin) : 0;
    }

    /// <summary>Copies a range of one file into the holes of another; holes stay holes.</summary>
    public static Errno Copy(SafeFileHandle from, long fromOffset, SafeFileHandle to, long toOffset, long length)
    {
        long end = fromOffset + length;
        for (long at = fromOffset; at < end;)
        {
            Errno error = NativeStore.SeekData(from, at, out long data);
            if (error == Errno.ENXIO || (error == 0 && data >= end))
                return 0;
            // A file system that knows no holes has data everywhere.
            if (error != 0 || NativeStore.SeekHole(from, data, out long hole) != 0)
                (data, hole) = (at, end);
            hole = Math.Min(hole, end);
            error = CopyData(from, data, to, toOffset + (data - fromOffset), hole - data);
            if (error != 0)
                return error;
            at = hole;
        }
        return 0;
    }

    /// <summary>True if the first bytes of two files are the same.</summary>
    public static bool AreEqual(SafeFileHandle one, SafeFileHandle other, long length)
    {
        using PooledBuffer first = new((int)Math.Min(length, BufferLength)), second = new((int)Math.Min(length, BufferLength));
        for (long at = 0; at < length; at += first.Span.Length)
        {
            int count = (int)Math.Min(first.Span.Length, length - at);
            if (NativeStore.Read(one, first.Span[..count], at, out int got) != 0 || got != count
                || NativeStore.Read(other, second.Span[..count], at, out got) != 0 || got != count
                || !first.Span[..count].SequenceEqual(second.Span[..count]))
                return false;
        }
        return true;
    }

    private static Errno CopyData(SafeFileHandle from, long fromOffset, SafeFileHandle to, long toOffset, long length)
    {
        while (length > 0)
        {
            Errno error = NativeStore.CopyRange(from, fromOffset, to, toOffset, Math.Min(length, CopyAtOnce), out long count);
            if (error is Errno.EXDEV or Errno.EINVAL or Errno.ENOSYS or Errno.EOPNOTSUPP or Errno.EBADF or Errno.EPERM)
                return CopyThroughBuffer(from, fromOffset, to, toOffset, length);
            if (error != 0)
                return error;
            if (count == 0)
                return Errno.EIO; // the source ends before its time
            fromOffset += count;
            toOffset += count;
            length -= count;
        }
        return 0;
    }

    private static Errno CopyThroughBuffer(SafeFileHandle from, long fromOffset, SafeFileHandle to, long toOffset, long length)
    {
        using PooledBuffer buffer = new((int)Math.Min(length, BufferLength));
        while (length > 0)
        {
            Span<byte> bytes = buffer.Span[..(int)Math.Min(length, buffer.Span.Length)];
            Errno error = NativeStore.Read(from, bytes, fromOffset, out int count);
            if (error == 0 && count == 0)
                error = Errno.EIO;
            if (error == 0)
                error = Write(to, bytes[..count], toOffset);
            if (error != 0)
                return error;
            fromOffset += count;
            toOffset += count;
            length -= count;
        }
        return 0;
    }
}
