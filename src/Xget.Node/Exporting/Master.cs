using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using Mono.Unix.Native;
using Serilog;
using Xget.Content;
using Xget.Content.Linux;
using Xget.NineP;
using Xget.Node.Tree;
using Xget.Node.Wire;
using Xget.Routing;

namespace Xget.Node.Exporting;

/// <summary>How a master serves.</summary>
public sealed record MasterOptions
{
    /// <summary>Where it listens.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>Levels, connections, stripes.</summary>
    public RoutingOptions Routing { get; init; } = new();

    /// <summary>The same for contents of many chunks; null if they are no different.</summary>
    public RoutingOptions? Large { get; init; }

    /// <summary>The largest 9P message in bytes.</summary>
    public int Msize { get; init; } = NodeOptions.DefaultMsize;

    /// <summary>What reading the paper's <c>/log</c> gives to clients.</summary>
    public uint DebugMask { get; init; }

    /// <summary>Publishes anew for who asks on this machine (<see cref="Republisher.RequestAsync"/>); null: nobody can.</summary>
    public Func<Task<PublishReport>>? Republish { get; init; }

    /// <summary>Gets a line per 9P message; null for none.</summary>
    public Action<string>? Trace { get; init; }
}

/// <summary>
/// The role that owns the exported tree, its digests and the routes. It exports the paper's tree with <c>/.xget</c>
/// beside it (attach name "" or "/"), and the plain tree (<c>plain</c>).
/// </summary>
public sealed class Master : IAsyncDisposable
{
    private readonly MasterOptions _options;
    private readonly TimeProvider _time;
    private readonly Cluster _cluster;
    private readonly SharedText _tree;
    private readonly ClusterLog _clusterLog;
    private readonly MasterCounters _counters = new();
    private readonly NinePServer _server;
    private readonly IListener _listener;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _serving;
    private readonly long _started;
    private readonly long _startedAt;
    private readonly Publications _publications;
    private readonly ConcurrentDictionary<Digest, string> _stale = new();
    private readonly ILogger _log;

    /// <summary>Serves that generation from now on.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The address cannot be listened on.</exception>
    public Master(MasterOptions options, Generation generation, ITransport transport, TimeProvider time, ILogger log)
    {
        _options = options;
        _time = time;
        _log = log;
        _publications = new Publications(generation);
        _started = _time.GetTimestamp();
        _startedAt = _time.GetUtcNow().ToUnixTimeSeconds();
        _cluster = new Cluster(_options.Routing, _options.Large ?? _options.Routing, new WorkerProbe(transport, time), time, log);
        _tree = new SharedText(_cluster.Tree, time);
        _clusterLog = new ClusterLog(log, _time);
        _server = new NinePServer(new AttachPoint(this), new ServerOptions
        {
            MaxMsize = _options.Msize,
            GathersPeers = true,
            Limits = new ServerLimits().ForDescriptors(DescriptorLimit.Current),
            Complaint = (peer, what) =>
            {
                if (_clusterLog.Allows(peer))
                    log.Warning("{Peer}: {What}", peer, what);
            },
            Trace = _options.Trace,
        }, _time);
        _listener = transport.Listen(_options.Listen);
        _serving = _server.RunAsync(_listener, _stopping.Token);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Local => (IPEndPoint)_listener.Local;

    /// <summary>Connections that speak 9P now.</summary>
    public int Connections => _server.ConnectionCount;

    /// <summary>What is published now.</summary>
    public Generation Generation => _publications.Current;

    /// <summary>Publishes another generation; the master disposes of former ones in time.</summary>
    public void Publish(Generation next)
    {
        _publications.Publish(next);
        _stale.Clear();
    }

    /// <summary>
    /// Takes a generation of the same root in the place of the present one, so that its files are known as they are now;
    /// nodes do not notice. The master disposes of the former one.
    /// </summary>
    public void Renew(Generation same)
    {
        _publications.Renew(same.Renewing(Generation));
        _stale.Clear();
    }

    private PaperDirectory PaperRoot()
    {
        Generation now = Generation;
        var context = new PaperContext(_cluster, _counters, _startedAt);
        return new PaperDirectory(null, now.Tree, context, root =>
        [
            new LogFile(root, Names.Log, 10, _clusterLog, NameOfClient,
                Encoding.ASCII.GetBytes(_options.DebugMask.ToString(CultureInfo.InvariantCulture))),
            new FixedDirectory(root, Names.Xget, 11, XgetFiles),
        ]);
    }

    /// <summary>As the original shows its clients, all of which attach as root.</summary>
    private static string NameOfClient(ServerConnection peer) =>
        peer.Remote is IPEndPoint ip ? $"Client {HostPort.Format(ip)}" : "Client";

    private static string NameOfNode(ServerConnection peer) => (peer.Tag as NodeSession)?.Name ?? NameOfClient(peer);

    private ServedFile[] XgetFiles(FixedDirectory directory) =>
    [
        new TextFile(directory, Names.Generation, 12, () => Published(Generation).Format()),
        new NextFile(directory, 17, _publications, Published, _time),
        new PublishFile(directory, 18, _options.Republish),
        new ContentsDirectory(directory, 13, Find, Contents,
            [Names.Redir, Names.Avail], RoutingFile),
        new LogFile(directory, Names.Log, 14, _clusterLog, NameOfNode, mask: null),
        new TextFile(directory, Names.Stats, 15, Stats),
        new SharedTextFile(directory, Names.Tree, 16, _tree),
    ];

    private IEnumerable<ServedContent> Contents()
    {
        Generation now = Generation;
        foreach (Digest digest in now.Contents)
            yield return Served(now.Find(digest)!, digest);
    }

    private PublishedServedContent? Find(Digest digest) =>
        _publications.Find(digest) is { } found ? Served(found.Content, digest) : null;

    private PublishedServedContent Served(PublishedContent content, Digest digest) =>
        new(content, _counters, peer => peer.Tag is NodeSession node ? _cluster.FrontOf(digest, node) : null, () => Stale(digest));

    /// <summary>A source file is not what was published any more: one record for each.</summary>
    private void Stale(Digest digest)
    {
        string name = _publications.Find(digest)?.Name ?? digest.ToString();
        if (_stale.TryAdd(digest, name))
            _log.Error("{Content} has changed since it was published: what differs is not served until it is published again", name);
    }

    private TreeFile? RoutingFile(ContentDirectory directory, string name)
    {
        if (_publications.Find(directory.Digest) is not { } found)
            return null;
        var key = new ContentKey(directory.Digest, found.Name, found.Content.Table.Size, found.Content.Table.ChunkSize);
        return name switch
        {
            Names.Redir => new RedirFile(directory, key, TreeFile.MixId(directory.Digest, 4), _cluster),
            Names.Avail => new AvailFile(directory, key, TreeFile.MixId(directory.Digest, 5), _cluster),
            _ => null,
        };
    }

    private static GenerationText Published(Generation g) =>
        new(g.Number, g.Root, g.Find(g.Root)!.Table.Size, g.Published, g.Files, (ulong)g.Bytes, (ulong)g.LeftOut);

    private string Stats()
    {
        Generation now = Generation;
        return string.Create(CultureInfo.InvariantCulture,
            $"uptime-seconds {(long)_time.GetElapsedTime(_started).TotalSeconds}\ngeneration {now.Number}\n" +
            $"files {now.Files}\ndirectories {now.Directories}\nbytes {now.Bytes}\n" +
            $"connections {_server.ConnectionCount}\nbytes-served {_counters.Bytes}\nreads-served {_counters.Reads}\n") +
            _cluster.Stats();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _listener.DisposeAsync();
        await _serving;
    }

    private sealed class AttachPoint(Master master) : IAttachPoint
    {
        public Errno Attach(ServerConnection peer, ReadOnlySpan<byte> uname, ReadOnlySpan<byte> aname, uint nUname, out ServedFile? root)
        {
            root = aname.IsEmpty || aname.SequenceEqual("/"u8) ? master.PaperRoot()
                : aname.SequenceEqual(Encoding.UTF8.GetBytes(Names.Plain)) ? new PlainFile(null, master.Generation.Tree, master._counters)
                : null;
            if (root is null)
                return Errno.ENOENT;
            peer.Tag = master._cluster.Attach(peer, ClusterLog.NodeName(uname));
            return 0;
        }

        public void Disconnected(ServerConnection peer) => master._cluster.Detach(peer);
    }
}

/// <summary>A published content under its digest.</summary>
internal sealed class PublishedServedContent(PublishedContent content, MasterCounters counters, Func<ServerConnection, Front?> frontOf,
    Action stale) : ServedContent
{
    private Front? _front;

    internal override ServedContent OpenedBy(ServerConnection peer) =>
        new PublishedServedContent(content, counters, frontOf, stale) { _front = frontOf(peer) };

    public override Digest Digest => content.Table.Content;

    public override ulong Size => content.Table.Size;

    public override ValueTask<ChunkTable?> TableAsync(CancellationToken ct) => new(content.Table);

    public override ValueTask<ContentRange> ReadAsync(ulong offset, int count, CancellationToken ct)
    {
        TryServe(offset, count, out ContentRange range);
        if (range.Count > 0)
            _front?.Asked(offset, range.Count);
        return new(range);
    }

    public override bool TryServe(ulong offset, int count, out ContentRange range)
    {
        range = content.Read(offset, count);
        counters.Served(range);
        if (range.Error == Errno.ESTALE)
            stale();
        return true;
    }
}
