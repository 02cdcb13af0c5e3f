using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Content;

/// <summary>The file beneath a digest index: a header and records, only ever appended to. Not thread-safe.</summary>
/// <remarks>
/// Belongs to one process at a time (flock). A crash can leave no more than a torn last record, which is cut off at the
/// next start, so nothing is ever synced.
/// </remarks>
internal sealed class IndexFile : IDisposable
{
    private const uint FileMode = 0x180;    // 0600: what is exported may be secret

    private readonly string _path;
    private SafeFileHandle _file;
    private long _length;

    private IndexFile(string path, SafeFileHandle file) => (_path, _file) = (path, file);

    /// <summary>Bytes in the file.</summary>
    public long Length => _length;

    /// <summary>
    /// Opens or creates the file and takes it for this process; null, with a warning, if that cannot be.
    /// </summary>
    public static IndexFile? Open(string path, List<string> warnings)
    {
        var error = OpenAndLock(path, out var file);
        if (error != 0)
        {
            file.Dispose();
            warnings.Add(error == Errno.EAGAIN
                ? $"the digest index {path} is used by another process: digests are kept in memory only"
                : $"the digest index {path} cannot be opened ({Words.Of(error)}): digests are kept in memory only");
            return null;
        }
        return new IndexFile(path, file);
    }

    /// <summary>Reads all good records; cuts the file behind the last of them.</summary>
    public void Load(Action<Digest, IndexedContent> receive, List<string> warnings)
    {
        var length = RandomAccess.GetLength(_file);
        var header = new byte[IndexRecord.HeaderLength];
        if (length == 0)
        {
            Start();
            return;
        }
        if (length < header.Length || Read(header, 0) != 0 || !header.AsSpan().SequenceEqual(IndexRecord.Header()))
        {
            if (header.AsSpan().StartsWith(IndexRecord.Magic))
            {
                warnings.Add($"the digest index {_path} is of another version of xget: all files are hashed once");
                Replace([]);
                return;
            }
            // Perhaps somebody's file that was named by mistake: it is kept.
            var aside = _path + ".bad";
            warnings.Add($"{_path} is no digest index: it is now {aside}, and a new one begins");
            File.Move(_path, aside, overwrite: true);
            Replace([]);
            return;
        }

        _length = header.Length;
        var frame = new byte[IndexRecord.FrameLength];
        while (length - _length >= frame.Length && Read(frame, _length) == 0)
        {
            var bodyLength = IndexRecord.BodyLength(frame);
            if (bodyLength < 0 || bodyLength > length - _length - frame.Length)
                break;
            var body = new byte[bodyLength];
            if (Read(body, _length + frame.Length) != 0
                || !IndexRecord.TryDecode(frame, body, out var key, out var content))
                break;
            receive(key, content!);
            _length += frame.Length + bodyLength;
        }
        if (_length < length)
        {
            warnings.Add($"the digest index {_path} is damaged at byte {_length}: what follows is hashed again");
            RandomAccess.SetLength(_file, _length);
        }
    }

    /// <summary>Adds a record; false if it could not be written, and then nothing of it is left.</summary>
    public bool Append(byte[] record)
    {
        try
        {
            RandomAccess.Write(_file, record, _length);
            _length += record.Length;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            CutTornRecord();
            return false;
        }
    }

    /// <summary>
    /// Puts a new file with these records in the place of the old one; false if the old one had to stay.
    /// </summary>
    public bool Replace(IEnumerable<byte[]> records)
    {
        var beside = _path + ".new";
        File.Delete(beside);
        if (OpenAndLock(beside, out var file) != 0)
        {
            file.Dispose();
            return false;
        }
        var replacement = new IndexFile(beside, file);
        if (!replacement.Start() || !records.All(replacement.Append))
        {
            replacement.Dispose();
            File.Delete(beside);
            return false;
        }
        File.Move(beside, _path, overwrite: true);
        Dispose();
        (_file, _length) = (replacement._file, replacement._length);
        return true;
    }

    public void Dispose()
    {
        // A child process that is just being started may hold a copy of the descriptor, and with it the lock.
        if (!_file.IsClosed)
            Libc.Flock(_file, Libc.Unlock);
        _file.Dispose();
    }

    // Where that fails too, the next start does it.
    private void CutTornRecord()
    {
        try
        {
            RandomAccess.SetLength(_file, _length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    private bool Start()
    {
        _length = 0;
        return Append(IndexRecord.Header());
    }

    private Errno Read(Span<byte> buffer, long offset) => FileCalls.ReadExactly(_file, offset, buffer);

    // A file that another process has just replaced by a new one is not the one to lock.
    private static Errno OpenAndLock(string path, out SafeFileHandle file)
    {
        byte[] name = [.. System.Text.Encoding.UTF8.GetBytes(path), 0];
        while (true)
        {
            var error = FileCalls.Open(name, Libc.ReadWrite | Libc.Create | Libc.NoFollow, out file, FileMode);
            if (error != 0)
                return error;
            if (Libc.Flock(file, Libc.LockExclusive | Libc.LockNonBlocking) != 0)
                return FileCalls.LastError;
            error = FileCalls.Status(file, out var opened);
            if (error != 0)
                return error;
            if (opened.Type != EntryType.Regular)
                return Errno.EINVAL;
            if (opened.LinkCount > 0)
                return OwnFile.WhyNotOurs(opened) is null ? 0 : Errno.EPERM; // another user's, or a link to one
            file.Dispose();
        }
    }
}
