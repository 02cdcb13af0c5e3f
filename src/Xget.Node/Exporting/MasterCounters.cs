using Xget.Content;

namespace Xget.Node.Exporting;

/// <summary>What the master gave out. Thread-safe.</summary>
internal sealed class MasterCounters
{
    private long _bytes;
    private long _reads;

    internal long Bytes => Interlocked.Read(ref _bytes);

    internal long Reads => Interlocked.Read(ref _reads);

    internal void Served(in ContentRange range)
    {
        Interlocked.Add(ref _bytes, range.Count);
        Interlocked.Increment(ref _reads);
    }
}
