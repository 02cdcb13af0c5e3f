namespace Xget.Node.Copying;

/// <summary>How far a copy is, for people to look at while it runs. Thread-safe.</summary>
public sealed class CopyProgress
{
    private long _filesDone;
    private long _bytesKept;

    /// <summary>Regular files to copy; 0 while the directories are still being read.</summary>
    public long Files { get; private set; }

    /// <summary>Bytes to copy.</summary>
    public ulong Bytes { get; private set; }

    /// <summary>Files in place.</summary>
    public long FilesDone => Interlocked.Read(ref _filesDone);

    /// <summary>Bytes that were there already, from an earlier copy.</summary>
    public long BytesKept => Interlocked.Read(ref _bytesKept);

    internal void Begin(long files, ulong bytes)
    {
        Interlocked.Exchange(ref _filesDone, 0);
        Interlocked.Exchange(ref _bytesKept, 0);
        (Files, Bytes) = (files, bytes);
    }

    /// <summary>More files are in place; how many there are.</summary>
    internal long Done(int files) => Interlocked.Add(ref _filesDone, files);

    internal void FileDone() => Interlocked.Increment(ref _filesDone);

    internal void Kept(long bytes) => Interlocked.Add(ref _bytesKept, bytes);
}
