using System.Collections.Concurrent;
using Serilog;

namespace Xget.Node.Fetching;

/// <summary>What all transfers of a node share.</summary>
internal sealed record FetchContext(NodeOptions Options, MasterLink Master, ParentPool Parents, TimeProvider Time,
    Random Random, ILogger Log, Counters Counters)
{
    /// <summary>The port that the node serves from; 0 when it serves nobody.</summary>
    internal int ServicePort { get; set; }

    /// <summary>The parents that failed any of the contents.</summary>
    internal FailedParents Failed { get; } = new(Time);

    /// <summary>The transfers that ask or wait for something.</summary>
    internal ConcurrentDictionary<Transfer, bool> Active { get; } = new();
}

/// <summary>What a node has moved, in bytes of content. Thread-safe.</summary>
public sealed class Counters
{
    private long _fromMaster;
    private long _fromWorkers;
    private long _toOthers;
    private long _retries;

    /// <summary>Verified bytes that came from the master.</summary>
    public long FromMaster => Interlocked.Read(ref _fromMaster);

    /// <summary>Verified bytes that came from workers.</summary>
    public long FromWorkers => Interlocked.Read(ref _fromWorkers);

    /// <summary>Bytes given to others.</summary>
    public long ToOthers => Interlocked.Read(ref _toOthers);

    /// <summary>Parents that failed and were replaced.</summary>
    public long Retries => Interlocked.Read(ref _retries);

    internal void Received(bool master, int bytes) => Interlocked.Add(ref master ? ref _fromMaster : ref _fromWorkers, bytes);

    internal void Served(int bytes) => Interlocked.Add(ref _toOthers, bytes);

    internal void Retried() => Interlocked.Increment(ref _retries);
}
