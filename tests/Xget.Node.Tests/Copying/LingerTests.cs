using Xget.Node.Copying;
using Xget.Testing;

namespace Xget.Node.Tests.Copying;

/// <summary>The paper's rule for the end of a client.</summary>
public sealed class LingerTests : IAsyncLifetime, IDisposable
{
    private readonly Files _files = new();
    private readonly ManualTime _time = new();
    private TestCluster _cluster = null!;
    private RunningNode _node = null!;

    public async Task InitializeAsync()
    {
        _files.Add("img", Files.Random(300_000));
        _cluster = await TestCluster.ServeAsync(_files.Root);
        _node = await _cluster.StartNodeAsync("node1");
        Assert.Null(await Until.DoneAsync(_node.Fetch(_cluster["img"]).Finished));
    }

    public Task DisposeAsync() => _cluster.DisposeAsync().AsTask();

    public void Dispose() => _files.Dispose();

    private async Task<TreeClient> ChildAsync()
    {
        Assert.Single((await _cluster.TreeAsync(_cluster["img"]))!.Routes);
        TreeClient child = await _cluster.AttachToAsync(_node, _cluster["img"]);
        Assert.Equal(1, _node.Node.Children);
        return child;
    }

    [Fact]
    public void Without_a_client_it_ends_at_once() =>
        Assert.True(Linger.RunAsync(_node.Node, TimeSpan.FromSeconds(100), _time, default).IsCompletedSuccessfully);

    [Fact]
    public async Task It_serves_on_until_the_last_client_goes()
    {
        TreeClient child = await ChildAsync();
        Task linger = Linger.RunAsync(_node.Node, TimeSpan.FromSeconds(100), _time, default);
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.False(linger.IsCompleted);
        await child.DisposeAsync();
        await Until.TrueAsync(() => _node.Node.Children == 0);
        await Until.TrueAsync(_time, () => linger.IsCompleted);
        Assert.True(_time.GetUtcNow() < DateTimeOffset.UnixEpoch.AddSeconds(99));
        await linger;
    }

    [Fact]
    public async Task It_serves_on_no_longer_than_it_is_told()
    {
        await using TreeClient child = await ChildAsync();
        Task linger = Linger.RunAsync(_node.Node, TimeSpan.FromSeconds(100), _time, default);
        _time.Advance(TimeSpan.FromSeconds(99));
        Assert.False(linger.IsCompleted);
        await Until.TrueAsync(_time, () => linger.IsCompleted);
        Assert.InRange(_time.GetUtcNow(), DateTimeOffset.UnixEpoch.AddSeconds(100), DateTimeOffset.UnixEpoch.AddSeconds(110));
        await linger;
    }

    [Fact]
    public async Task It_can_be_ended()
    {
        await using TreeClient child = await ChildAsync();
        using var cancel = new CancellationTokenSource();
        Task linger = Linger.RunAsync(_node.Node, TimeSpan.FromSeconds(100), _time, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Until.DoneAsync(linger));
    }
}
