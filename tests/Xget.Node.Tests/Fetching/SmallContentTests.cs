using System.Net;
using Xget.Content;
using Xget.NineP;
using Xget.Node.Wire;
using Xget.Testing;

namespace Xget.Node.Tests.Fetching;

/// <summary>A content of a few bytes comes from the master without a route.</summary>
public sealed class SmallContentTests : IAsyncLifetime, IDisposable
{
    private const int Most = 4096;

    private readonly Files _files = new();
    private TestCluster _cluster = null!;

    public async Task InitializeAsync()
    {
        _files.Add("small/a", Files.Random(1000));
        for (int i = 0; i < 100; i++)
            _files.Add($"large/a file with a name of some length {i}", [1, 2, 3]);
        _cluster = await TestCluster.ServeAsync(_files.Root);
    }

    public Task DisposeAsync() => _cluster.DisposeAsync().AsTask();

    public void Dispose() => _files.Dispose();

    private DataReference Root => new(_cluster.Generation.Root, 0, _cluster.Generation.Find(_cluster.Generation.Root)!.Table.Size);

    private static ValueTask<(byte[]? Bytes, string? Reason)> ReadAsync(RunningNode node, DataReference what) =>
        node.Node.ReadAsync(what, "it", whole: true, CancellationToken.None);

    [Fact]
    public async Task A_small_directory_takes_no_route()
    {
        await using RunningNode node = await _cluster.StartNodeAsync("node1");
        Assert.InRange(Root.Length, 1UL, (ulong)Most);
        (byte[]? bytes, _) = await ReadAsync(node, Root);
        Assert.True(DirectoryObject.TryDecode(bytes, out DirectoryObject? root, out _));
        Assert.Equal(["large", "small"], root!.Entries.Select(e => e.Name.ToString()));
        Assert.Equal(0, await _cluster.StatAsync("route-decisions"));
        Assert.Equal(0, await _cluster.StatAsync("workers"));
        Assert.Empty(node.Node.Transfers);
        Assert.Equal((long)Root.Length, node.Node.Counters.FromMaster);
    }

    [Fact]
    public async Task A_large_directory_takes_one()
    {
        await using RunningNode node = await _cluster.StartNodeAsync("node1");
        DataReference large = _cluster["large"].Data;
        Assert.True(large.Length > Most);
        Assert.Equal(large.Length, (ulong)(await ReadAsync(node, large)).Bytes!.Length);
        Assert.Equal(1, await _cluster.StatAsync("route-decisions"));
    }

    [Fact]
    public async Task What_lies_in_a_larger_content_takes_one_and_is_right()
    {
        await using RunningNode node = await _cluster.StartNodeAsync("node1");
        DataReference first = _cluster["large"].Data with { Length = 100 };
        (byte[]? bytes, _) = await ReadAsync(node, first);
        Assert.Equal((await ReadAsync(node, _cluster["large"].Data)).Bytes![..100], bytes);
        Assert.Equal(1, await _cluster.StatAsync("route-decisions"));
    }

    [Fact]
    public async Task A_content_that_is_not_published_fails_with_the_reason()
    {
        await using RunningNode node = await _cluster.StartNodeAsync("node1");
        (byte[]? bytes, string? reason) = await ReadAsync(node, new DataReference(Digest.Of([1]), 0, 10));
        Assert.Null(bytes);
        Assert.Equal("it is not published any more by the master; run again", reason);
    }

    [Fact]
    public async Task A_directory_that_is_wrong_about_a_size_fails_with_the_reason()
    {
        await using RunningNode node = await _cluster.StartNodeAsync("node1");
        (byte[]? bytes, string? reason) = await ReadAsync(node, Root with { Length = Root.Length + 1 });
        Assert.Null(bytes);
        Assert.Equal("it: the directory that names it is wrong about its size", reason);
    }

    [Fact]
    public async Task A_file_that_has_changed_on_the_master_fails_with_the_reason()
    {
        DataReference small = _cluster["small/a"].Data;
        var whole = new DataReference(small.Content, 0, _cluster.Generation.Find(small.Content)!.Table.Size);
        Assert.InRange(whole.Length, 1UL, (ulong)Most);
        File.WriteAllBytes(_files["small/a"], Files.Random(1000, 7));
        await using RunningNode node = await _cluster.StartNodeAsync("node1", o => o with { Retries = 1 });
        (byte[]? bytes, string? reason) = await ReadAsync(node, whole);
        Assert.Null(bytes);
        Assert.Contains("changed on the master", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Names.Data)]
    [InlineData(Names.Chunks)]
    public async Task Of_a_master_that_lies_nothing_is_believed(string wrong)
    {
        HostTransport host = _cluster.NewHost();
        var endPoint = new IPEndPoint(host.Address, 20004);
        byte[] table = _cluster.Generation.Find(Root.Content)!.Table.Encoded.ToArray();
        byte[] data = new byte[Root.Length];
        using (ContentRange range = _cluster.Generation.Find(Root.Content)!.Read(0, data.Length))
            range.CopyTo(data);
        (wrong == Names.Data ? data : table)[^1] ^= 1;
        using var stopping = new CancellationTokenSource();
        Task serving = new NinePServer(Tree(data, table), new ServerOptions(), TimeProvider.System).RunAsync(host.Listen(endPoint), stopping.Token);

        RunningNode node = await _cluster.StartNodeAsync("node1", o => o with { Masters = [endPoint], Retries = 1 });
        (byte[]? bytes, string? reason) = await ReadAsync(node, Root);
        Assert.Null(bytes);
        Assert.Contains(wrong == Names.Data ? "the last parent, the master, was corrupt" : "the master gives no right chunk table", reason,
            StringComparison.Ordinal);
        Assert.Equal(0, node.Node.Counters.FromMaster);
        await node.DisposeAsync();
        await stopping.CancelAsync();
        await serving;
    }

    /// <summary>All that a master of that one content shows.</summary>
    private TestTree Tree(byte[] data, byte[] table)
    {
        var tree = new TestTree();
        TestDirectory content = tree.Root.AddDirectory(Names.Xget).AddDirectory(Names.Objects).AddDirectory(Root.Content.ToString());
        content.AddFile(Names.Data, data);
        content.AddFile(Names.Chunks, table);
        content.AddFile(Names.Avail, "").Writable = true;
        content.AddFile(Names.Redir, "0 1 me\n").Writable = true;
        return tree;
    }
}
