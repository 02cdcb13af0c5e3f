namespace Xget.Node.Copying;

/// <summary>How far a copy is, for people to look at while it runs. Thread-safe.</summary>
public sealed class CopyProgress
{
    private long _filesDone;
    private long _bytesKept;

    /// <summary>Regular files to copy; 0 while the directories are still being read.</summary>
    public long Files { get; internal set; }

    /// <summary>Bytes to copy.</summary>
    public ulong Bytes { get; internal set; }

    /// <summary>Files in place.</summary>
    public long FilesDone => Interlocked.Read(ref _filesDone);

    /// <summary>Bytes that were there already, from an earlier copy.</summary>
    public long BytesKept => Interlocked.Read(ref _bytesKept);

    internal void FileDone() => Interlocked.Increment(ref _filesDone);

    internal void Kept(long bytes) => Interlocked.Add(ref _bytesKept, bytes);
}
