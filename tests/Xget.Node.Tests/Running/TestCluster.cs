using System.Globalization;
using System.Net;
using Xget.Content;
using Xget.Node.Exporting;
using Xget.Node.Wire;
using Xget.Routing;
using Xget.Testing;

namespace Xget.Node.Tests;

/// <summary>A master that serves a directory, and the nodes that a test adds, in one network in memory.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private readonly MemoryTransport _masterHost = new();
    private readonly List<RunningNode> _nodes = [];
    private readonly List<Generation> _older = [];
    private readonly List<AnsweringPort> _ports = [];
    private readonly MasterOptions _options;
    private readonly TimeProvider _time;

    private TestCluster(string source, Generation generation, RoutingOptions routing, Action<string>? trace, TimeProvider time)
    {
        Source = source;
        Generation = generation;
        _time = time;
        _options = new MasterOptions
        {
            Listen = new IPEndPoint(_masterHost.Address, 20004), Routing = routing, Trace = trace, DebugMask = 32,
        };
        Master = NewMaster();
    }

    /// <summary>The directory that is served.</summary>
    public string Source { get; }

    public Generation Generation { get; private set; }

    public Master Master { get; private set; }

    /// <summary>The master's log.</summary>
    public RecordingLog Log { get; } = new();

    public MemoryTransport MasterHost => _masterHost;

    public IPEndPoint MasterEndPoint => _options.Listen;

    public static async Task<TestCluster> ServeAsync(string source, RoutingOptions? routing = null,
        Action<string>? trace = null, TimeProvider? time = null)
    {
        using DigestIndex index = DigestIndex.InMemory();
        Generation generation = await new Publisher(TimeProvider.System).PublishAsync(source, index, 1, new PublishOptions());
        return new TestCluster(source, generation, routing ?? new RoutingOptions(), trace, time ?? TimeProvider.System);
    }

    /// <summary>Publishes the directory as it is now.</summary>
    public async Task PublishAsync()
    {
        using DigestIndex index = DigestIndex.InMemory();
        _older.Add(Generation);
        Generation = await new Publisher(TimeProvider.System).PublishAsync(Source, index, Generation.Number + 1, new PublishOptions());
        Master.Publish(Generation);
    }

    /// <summary>The published file or directory of that path.</summary>
    public PublishedNode this[string path]
    {
        get
        {
            PublishedNode node = Generation.Tree;
            foreach (string name in path.Split('/'))
                node = node.Find(System.Text.Encoding.UTF8.GetBytes(name)) ?? throw new ArgumentException(path);
            return node;
        }
    }

    /// <summary>A node on a new host, or on that one, connected to the master.</summary>
    public async Task<RunningNode> StartNodeAsync(string name, Func<NodeOptions, NodeOptions>? with = null,
        HostTransport? host = null, TimeProvider? time = null)
    {
        RunningNode node = NewNode(name, with, host, time);
        Assert.Null(await Until.DoneAsync(node.Node.StartAsync(CancellationToken.None).AsTask()));
        return node;
    }

    /// <summary>A node that is not started yet.</summary>
    public RunningNode NewNode(string name, Func<NodeOptions, NodeOptions>? with = null,
        HostTransport? host = null, TimeProvider? time = null)
    {
        host ??= NewHost();
        var options = new NodeOptions { Masters = [MasterEndPoint], Name = name };
        var log = new RecordingLog();
        var node = new RunningNode(new ClusterNode(with?.Invoke(options) ?? options, host, time ?? _time,
            new Random(name.Length + _nodes.Count), log.Logger), host, name, log);
        _nodes.Add(node);
        return node;
    }

    /// <summary>A host of which a worker's port answers, so that the master finds it.</summary>
    public MemoryTransport NewWorkerHost(int port)
    {
        MemoryTransport host = _masterHost.NewHost();
        _ports.Add(new AnsweringPort(host, port));
        return host;
    }

    public HostTransport NewHost() => new(_masterHost.NewHost());

    /// <summary>A host to which the master's data comes as that meter lets it; the connection for control is not held back.</summary>
    public HostTransport NewHost(Meter data)
    {
        HostTransport host = NewHost();
        host.MeterOf = (to, number) => to.Equals(MasterEndPoint) && number == 2 ? data : null;
        return host;
    }

    /// <summary>A person with a 9P client, on a host of his own.</summary>
    public Task<TreeClient> AttachAsync(string name, string aname = "", MemoryTransport? host = null,
        NineP.Dialect dialect = NineP.Dialect.NineP2000L) =>
        TreeClient.AttachAsync(host ?? _masterHost.NewHost(), MasterEndPoint, name, aname, dialect);

    /// <summary>A person who looks at a node, as soon as that serves this file.</summary>
    public async Task<TreeClient> AttachToAsync(RunningNode node, PublishedNode file)
    {
        IPEndPoint? address = null;
        await Until.TrueAsync(async () => HostPort.TryParse(
            (await TreeAsync(file))?.Routes.FirstOrDefault(r => r.Node == node.Name)?.Address, out address));
        return await TreeClient.AttachAsync(_masterHost.NewHost(), address!, "child");
    }

    /// <summary>A figure of <c>/.xget/stats</c>.</summary>
    public async Task<long> StatAsync(string name)
    {
        string line = (await ReadAsync(Names.Stats)).Split('\n').Single(l => l.StartsWith(name + " ", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(name.Length + 1), CultureInfo.InvariantCulture);
    }

    /// <summary>What <c>/.xget/tree</c> says of a content; null when nobody reads or serves it.</summary>
    public async Task<TreeReport?> TreeAsync(PublishedNode file) =>
        TreeReport.Parse(await ReadAsync(Names.Tree)).SingleOrDefault(r => r.Key == file.Data.Content.ToString());

    /// <summary>A file of <c>/.xget</c>.</summary>
    public async Task<string> ReadAsync(string name)
    {
        await using TreeClient client = await AttachAsync("onlooker");
        return await client.ReadAsync(Names.Xget, name);
    }

    /// <summary>The master ends, its connections with it.</summary>
    public ValueTask StopMasterAsync() => Master.DisposeAsync();

    /// <summary>Another master process with the same generation at the same address.</summary>
    public void RestartMaster() => Master = NewMaster();

    private Master NewMaster() => new(_options, Generation, _masterHost, _time, Log.Logger);

    public async ValueTask DisposeAsync()
    {
        foreach (RunningNode node in _nodes)
            await Until.DoneAsync(node.DisposeAsync().AsTask());
        await Until.DoneAsync(Master.DisposeAsync().AsTask());
        foreach (Generation older in _older)
            older.Dispose();
        foreach (AnsweringPort port in _ports)
            await port.DisposeAsync();
        Generation.Dispose();
    }
}
