using Xget.Content;
using Xget.Content.Cache;
using Xget.Fuse;
using Xget.Node;
using Xget.Node.Tests;
using Xget.Node.Wire;
using Xget.Testing;

namespace Xget.Mount.Tests.Running;

/// <summary>
/// A mount but for the kernel: master, node, cache, file system and follower, in one process and one network in memory.
/// The file system's clock stands still until a test tells it to go on.
/// </summary>
internal sealed class MountedTree : IAsyncDisposable
{
    private readonly TestCluster _cluster;
    private readonly ContentCache _cache;
    private readonly DirectoryInfo _cacheDirectory;
    private readonly CancellationTokenSource _stopping = new();
    private readonly MountedContents _contents;
    private readonly List<Generation> _later = [];
    private readonly Meter _held = new(0);
    private Task _following = Task.CompletedTask;

    private MountedTree(TestCluster cluster, RunningNode node, ContentCache cache, DirectoryInfo cacheDirectory, ulong? cacheSize)
    {
        (_cluster, Node, _cache, _cacheDirectory) = (cluster, node, cache, cacheDirectory);
        var options = new XgetMountOptions
        {
            Node = new NodeOptions { Masters = [cluster.MasterEndPoint], Name = node.Name }, Source = "master:/", Path = "/",
            MountPoint = "/none", CacheDirectory = cacheDirectory.FullName, CacheSize = cacheSize, CacheMinFree = 0, Prefetch = Prefetch.None,
        };
        _contents = new MountedContents(node.Node, cache, options, Time, Log.Logger);
    }

    public RunningNode Node { get; }

    public TestCluster Cluster => _cluster;

    public RecordingLog Log { get; } = new();

    public ManualTime Time { get; } = new();

    public MountedContents Contents => _contents;

    public ContentCache Cache => _cache;

    public MountedRoot Root { get; private set; } = null!;

    public XgetFileSystem Files { get; private set; } = null!;

    public Kernel Kernel { get; private set; } = null!;

    /// <summary>How long readers wait, by <see cref="Time"/>.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(60);

    public static async Task<MountedTree> StartAsync(Files source, string path = "/", bool readsAhead = false, bool passthrough = true,
        ulong? cacheSize = null, long readThrough = 32 << 20, Action<string>? trace = null)
    {
        TestCluster cluster = await TestCluster.ServeAsync(source.Root, trace: trace);
        DirectoryInfo directory = Directory.CreateTempSubdirectory("xget-mount-");
        var options = new CacheOptions { Directory = Path.Combine(directory.FullName, "cache"), MinFree = 0, SizeLimit = cacheSize, ReadThrough = readThrough };
        Assert.Equal(0, (int)ContentCache.Open(options, TimeProvider.System, out ContentCache? cache, out _));
        RunningNode node = await cluster.StartNodeAsync("mount", o => o with { Retries = int.MaxValue });
        var mount = new MountedTree(cluster, node, cache!, directory, cacheSize);
        await mount.MountAsync(path, readsAhead, passthrough);
        return mount;
    }

    private async Task MountAsync(string path, bool readsAhead, bool passthrough)
    {
        Root = new MountedRoot(_contents, path);
        (GenerationText? generation, _) = await Node.Node.GenerationAsync(CancellationToken.None);
        (DirectoryEntry? top, MountFailure? failure) = await Until.DoneAsync(Root.FindAsync(generation!, CancellationToken.None));
        Assert.Null(failure);
        Root.Generation = generation!;
        var reading = new ReadingOptions { Timeout = Patience, ReadsAhead = readsAhead, Passthrough = passthrough };
        Files = new XgetFileSystem(new InodeTable(top!.Attributes, top.Data), _contents, reading, Magic, Sizes, Time, Log.Logger);
        Kernel = new Kernel(Files);
    }

    private static MagicXattrs Magic(Inode inode) => inode.Parent is null
        ? new MagicXattrs(("stats", () => "a 1\nb 2\n"))
        : new MagicXattrs(("path", inode.ToString));

    private FuseStatFs Sizes() => new() { BlockSize = 4096, Files = (ulong)Root.Generation.Files };

    /// <summary>From now on nothing comes in from the network, or only on the connection for control.</summary>
    public void Hold(bool controlToo = true)
    {
        Node.Transport.MeterOf = (_, number) => controlToo || number > 1 ? _held : null;
        foreach (HostTransport.Connection connection in Node.Transport.Connections)
            connection.Near.Stalled = controlToo || connection.Number > 1;
    }

    /// <summary>What was held back comes in.</summary>
    public void LetGo()
    {
        foreach (HostTransport.Connection connection in Node.Transport.Connections)
            connection.Near.Stalled = false;
        _held.Open();
    }

    /// <summary>How long the follower waits between two generations.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(5);

    /// <summary>New generations are followed from now on.</summary>
    public void Follow()
    {
        var follower = new GenerationFollower(Node.Node, Files, _contents, Root, Log.Logger) { Pace = (_, _) => Pace };
        _following = Task.WhenAll(_following, follower.RunAsync(TimeProvider.System, _stopping.Token));
    }

    /// <summary>What nobody uses is let go of from now on when the cache is short of room; looked at by <see cref="Time"/>.</summary>
    public void MakeRoom() => _following = Task.WhenAll(_following, _contents.RunAsync(_stopping.Token));

    /// <summary>The master publishes what its directory holds now.</summary>
    public async Task PublishAsync()
    {
        using DigestIndex index = DigestIndex.InMemory();
        Generation next = await new Publisher(TimeProvider.System).PublishAsync(
            _cluster.Source, index, _cluster.Master.Generation.Number + 1, new PublishOptions());
        _later.Add(next);
        _cluster.Master.Publish(next);
    }

    /// <summary>The same, until the kernel was told of everything; what it was told.</summary>
    public async Task<string[]> PublishAndFollowAsync()
    {
        Kernel.Notices.Clear();
        await PublishAsync();
        await FollowedAsync();
        return Kernel.Print(Kernel.Notices);
    }

    public Task FollowedAsync() => Until.TrueAsync(() => Log.Has($"generation {_cluster.Master.Generation.Number}:"));

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(Kernel.Complaints);
        LetGo();
        await _stopping.CancelAsync();
        try
        {
            await Until.DoneAsync(_following);
        }
        catch (OperationCanceledException)
        {
            // It followed to the end.
        }
        await Until.DoneAsync(Kernel.Core.EndAsync());
        await _cluster.DisposeAsync();
        foreach (Generation generation in _later)
            generation.Dispose();
        _cache.Dispose();
        _cacheDirectory.Delete(recursive: true);
    }
}
