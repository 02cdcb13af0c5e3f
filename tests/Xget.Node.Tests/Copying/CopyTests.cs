using Mono.Unix.Native;
using Serilog;
using Xget.Content.Store;
using Xget.Node.Copying;
using Xget.Node.Fetching;

namespace Xget.Node.Tests.Copying;

/// <summary>Runs copies as the command does: a node, a destination, a job.</summary>
public abstract class CopyTests : IDisposable
{
    private readonly Files _source = new();
    private readonly Files _destinations = new();

    private protected Files Source => _source;

    /// <summary>Where copies go.</summary>
    private protected string Destination(string name = "copy") => _destinations[name];

    /// <summary>Publishes the source as it is now.</summary>
    private protected Task<TestCluster> ServeAsync() => TestCluster.ServeAsync(_source.Root);

    /// <summary>A copy with a node of its own, which ends with it.</summary>
    private protected async Task<(CopyResult Result, Counters Moved)> CopyAsync(TestCluster cluster,
        string to = "copy", HostTransport? host = null, params string[] sources)
    {
        await using RunningNode node = await cluster.StartNodeAsync("copier", host: host);
        using Destination destination = Open(to);
        CopyResult result = await Until.DoneAsync(JobOf(node, destination).RunAsync(sources.Length == 0 ? ["."] : sources, default));
        return (result, node.Node.Counters);
    }

    private protected Destination Open(string to = "copy")
    {
        Assert.Equal((Errno)0, Content.Store.Destination.Open(Destination(to), new DestinationOptions(), out Destination? destination));
        return destination!;
    }

    private protected static CopyJob JobOf(RunningNode node, Destination destination, CopyOptions? options = null,
        TimeProvider? time = null, RecordingLog? log = null) =>
        new(node.Node, destination, time ?? TimeProvider.System, new Random(1),
            log?.Logger ?? new LoggerConfiguration().CreateLogger(), options);

    /// <summary>The only entry that a copy could not make.</summary>
    private protected static CopyFailure OnlyFailure(CopyResult result)
    {
        Assert.Equal(1, result.FailureCount);
        return Assert.Single(result.Failures);
    }

    /// <summary>The error of a copy that cannot be finished.</summary>
    private protected async Task<string> FailAsync(TestCluster cluster, params string[] sources) =>
        (await Assert.ThrowsAsync<CopyException>(() => CopyAsync(cluster, sources: sources))).Message;

    public virtual void Dispose()
    {
        _source.Dispose();
        _destinations.Dispose();
        GC.SuppressFinalize(this);
    }
}
