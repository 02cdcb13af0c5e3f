using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <summary>The calls that move bytes, find holes and lock.</summary>
internal static unsafe partial class NativeStore
{
    private const int SeekDataWhence = 3, SeekHoleWhence = 4;
    private const int KeepSize = 1, PunchHoleMode = 2;
    private const int LockShared = 1, LockExclusive = 2, LockNonBlocking = 4, LockRelease = 8;

    /// <summary>
    /// Fills <paramref name="bytes"/> as far as the file goes; <paramref name="count"/> says how far that was.
    /// </summary>
    public static Errno Read(SafeFileHandle file, Span<byte> bytes, long offset, out int count)
    {
        count = 0;
        fixed (byte* b = bytes)
        {
            while (count < bytes.Length)
            {
                nint got = pread(file, b + count, bytes.Length - count, offset + count);
                if (got < 0 && Last() == Errno.EINTR)
                    continue;
                if (got < 0)
                    return Last();
                if (got == 0)
                    break;
                count += (int)got;
            }
        }
        return 0;
    }

    /// <summary>Writes all of <paramref name="bytes"/>.</summary>
    public static Errno Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        fixed (byte* b = bytes)
        {
            for (int done = 0; done < bytes.Length;)
            {
                nint put = pwrite(file, b + done, bytes.Length - done, offset + done);
                if (put < 0 && Last() == Errno.EINTR)
                    continue;
                if (put <= 0)
                    return put < 0 ? Last() : Errno.EIO;
                done += (int)put;
            }
        }
        return 0;
    }

    public static Errno Truncate(SafeFileHandle file, ulong length)
        => length > long.MaxValue ? Errno.EFBIG : Result(ftruncate(file, (long)length));

    /// <summary>Makes a range read as zeros without taking space.</summary>
    public static Errno PunchHole(SafeFileHandle file, long offset, long length)
        => Result(fallocate(file, PunchHoleMode | KeepSize, offset, length));

    /// <summary>
    /// The first byte at or after <paramref name="offset"/> that is not in a hole; ENXIO if there is none.
    /// </summary>
    public static Errno SeekData(SafeFileHandle file, long offset, out long data)
        => Sought(lseek(file, offset, SeekDataWhence), out data);

    /// <summary>
    /// The first byte at or after <paramref name="offset"/> that is in a hole, the file's end at the latest.
    /// </summary>
    public static Errno SeekHole(SafeFileHandle file, long offset, out long hole)
        => Sought(lseek(file, offset, SeekHoleWhence), out hole);

    /// <summary>Copies inside the kernel; <paramref name="count"/> says how much, 0 at the source's end.</summary>
    public static Errno CopyRange(
        SafeFileHandle from, long fromOffset, SafeFileHandle to, long toOffset, long most, out long count)
    {
        nint copied;
        do
            copied = copy_file_range(from, &fromOffset, to, &toOffset, (nint)most, 0);
        while (copied < 0 && Last() == Errno.EINTR);
        count = Math.Max(copied, 0);
        return copied < 0 ? Last() : 0;
    }

    /// <summary>Takes the file's exclusive lock, or EWOULDBLOCK if somebody else has it.</summary>
    public static Errno TryLock(SafeFileHandle file) => Locked(flock(file, LockExclusive | LockNonBlocking));

    /// <summary>Takes a shared lock; waits for the holder of the exclusive one.</summary>
    public static Errno LockAsOneOfMany(SafeFileHandle file)
    {
        int result;
        do
            result = flock(file, LockShared);
        while (result < 0 && Last() == Errno.EINTR);
        return Locked(result);
    }

    public static void Unlock(SafeFileHandle file) => _ = flock(file, LockRelease);

    // A file system without locks is used without them: what two copies write into one content is the same bytes.
    private static Errno Locked(int result)
        => result < 0 && Last() is var error and not (Errno.ENOLCK or Errno.EOPNOTSUPP or Errno.ENOSYS) ? error : 0;

    /// <summary>The next reading of a directory begins at its first entry.</summary>
    public static Errno Rewind(SafeFileHandle directory) => Sought(lseek(directory, 0, 0), out _);

    private static Errno Sought(long result, out long offset)
    {
        offset = result;
        return result < 0 ? Last() : 0;
    }
}
