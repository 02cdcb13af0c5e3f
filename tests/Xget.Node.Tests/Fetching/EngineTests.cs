using Xget.Routing;

namespace Xget.Node.Tests.Fetching;

/// <summary>A published tree with one large file <c>img</c>, for tests of the fetch engine.</summary>
public abstract class EngineTests : IAsyncLifetime, IDisposable
{
    private protected const int Chunk = 32 << 10;

    private readonly Files _files = new();

    private protected TestCluster Cluster { get; private set; } = null!;

    private protected byte[] Img { get; private set; } = [];

    private protected string Source => _files.Root;

    private protected virtual int Size => 40 * Chunk + 5;

    private protected virtual RoutingOptions Routing => new();

    public async Task InitializeAsync()
    {
        Img = _files.Add("img", Files.Random(Size));
        Cluster = await TestCluster.ServeAsync(_files.Root, Routing);
    }

    public Task DisposeAsync() => Cluster.DisposeAsync().AsTask();

    public void Dispose()
    {
        _files.Dispose();
        GC.SuppressFinalize(this);
    }
}
