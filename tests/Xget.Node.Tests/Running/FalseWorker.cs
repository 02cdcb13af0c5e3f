using System.Net;
using Mono.Unix.Native;
using Xget.Content;
using Xget.NineP;
using Xget.Node.Wire;
using Xget.Testing;

namespace Xget.Node.Tests;

/// <summary>
/// A worker that says it has a content and gives out what a test tells it to, or, after the master has reached it, does not answer
/// at all.
/// </summary>
internal sealed class FalseWorker : IAsyncDisposable
{
    public const int FirstPort = 7000;
    private readonly TestTree _tree = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly HostTransport _host;
    private readonly TestDirectory _objects;
    private readonly TreeClient _client;
    private readonly int _port;
    private Task _serving = Task.CompletedTask;

    private FalseWorker(HostTransport host, TreeClient client, int port)
    {
        (_host, _port) = (host, port);
        _client = client;
        _objects = _tree.Root.AddDirectory(Names.Xget).AddDirectory(Names.Objects);
    }

    public IPEndPoint EndPoint => new(_host.Address, _port);

    /// <summary>A complete worker of that file in the master's eyes; nobody listens there any more.</summary>
    public static Task<FalseWorker> AdvertiseAsync(TestCluster cluster, PublishedNode file, string name) =>
        AdvertiseAsync(cluster, [file], name, null, FirstPort);

    /// <summary>A complete worker of these files, on a host of its own or on that one.</summary>
    public static async Task<FalseWorker> AdvertiseAsync(TestCluster cluster, PublishedNode[] files, string name, HostTransport? host, int port)
    {
        host ??= cluster.NewHost();
        TreeClient client = await cluster.AttachAsync(name, host: host.Host);
        await using var answering = new AnsweringPort(host.Host, port);
        foreach (PublishedNode file in files)
        {
            TreeClient.OpenPath avail = await client.OpenAsync(OpenFlags.O_RDWR, TreeClient.Of(file, Names.Avail));
            await avail.WriteAsync($"{port}");
            Assert.Equal("reachable\n", await avail.ReadAsync());
            await avail.WriteAsync($"have {cluster.Generation.Find(file.Data.Content)!.Table.Size}");
        }
        return new FalseWorker(host, client, port);
    }

    /// <summary>Serves these bytes from now on.</summary>
    public TestFile Serve(PublishedNode file, byte[] data, byte[]? chunks = null) => Serve([(file, data, chunks)])[0];

    /// <summary>Serves the bytes of several files from now on.</summary>
    public TestFile[] Serve((PublishedNode File, byte[] Data, byte[]? Chunks)[] contents)
    {
        TestFile[] served = Array.ConvertAll(contents, c =>
        {
            TestDirectory content = _objects.AddDirectory(c.File.Data.Content.ToString());
            content.AddFile(Names.Chunks, c.Chunks ?? []);
            return content.AddFile(Names.Data, c.Data);
        });
        _serving = new NinePServer(_tree, new ServerOptions(), TimeProvider.System).RunAsync(_host.Listen(EndPoint), _stopping.Token);
        return served;
    }

    /// <summary>Its address in the master's words.</summary>
    public override string ToString() => HostPort.Format(EndPoint);

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _stopping.CancelAsync();
        await _serving;
    }
}
