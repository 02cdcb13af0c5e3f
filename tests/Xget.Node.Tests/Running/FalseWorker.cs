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
    private const int Port = 7000;
    private readonly TestTree _tree = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly HostTransport _host;
    private readonly TestDirectory _objects;
    private readonly TreeClient _client;
    private Task _serving = Task.CompletedTask;

    private FalseWorker(HostTransport host, TreeClient client)
    {
        _host = host;
        _client = client;
        _objects = _tree.Root.AddDirectory(Names.Xget).AddDirectory(Names.Objects);
    }

    public IPEndPoint EndPoint => new(_host.Address, Port);

    /// <summary>A complete worker of that file in the master's eyes; nobody listens there any more.</summary>
    public static async Task<FalseWorker> AdvertiseAsync(TestCluster cluster, PublishedNode file, string name)
    {
        HostTransport host = cluster.NewHost();
        TreeClient client = await cluster.AttachAsync(name, host: host.Host);
        await using var port = new AnsweringPort(host.Host, Port);
        TreeClient.OpenPath avail = await client.OpenAsync(OpenFlags.O_RDWR, TreeClient.Of(file, Names.Avail));
        await avail.WriteAsync($"{Port}");
        Assert.Equal("reachable\n", await avail.ReadAsync());
        await avail.WriteAsync($"have {cluster.Generation.Find(file.Data.Content)!.Table.Size}");
        return new FalseWorker(host, client);
    }

    /// <summary>Serves these bytes from now on.</summary>
    public TestFile Serve(PublishedNode file, byte[] data, byte[]? chunks = null)
    {
        TestDirectory content = _objects.AddDirectory(file.Data.Content.ToString());
        content.AddFile(Names.Chunks, chunks ?? []);
        TestFile served = content.AddFile(Names.Data, data);
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
