namespace Xget.Content;

/// <summary>Counts and reports the progress of one publishing. Thread-safe.</summary>
internal sealed class ProgressCount(IProgress<PublishProgress>? receiver)
{
    private const int FilesPerReport = 1024;

    private long _files;
    private long _toHash;
    private long _hashed;

    public void FileSeen()
    {
        if (Interlocked.Increment(ref _files) % FilesPerReport == 0)
            Report();
    }

    public void ToHash(ulong bytes)
    {
        Interlocked.Add(ref _toHash, (long)bytes);
        Report();
    }

    public void Hashed(ulong bytes)
    {
        Interlocked.Add(ref _hashed, (long)bytes);
        Report();
    }

    public void Report() => receiver?.Report(new PublishProgress(
        Interlocked.Read(ref _files), Interlocked.Read(ref _toHash), Interlocked.Read(ref _hashed)));
}
