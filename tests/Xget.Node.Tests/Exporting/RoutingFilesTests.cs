using Mono.Unix.Native;
using Xget.Node.Wire;
using Xget.Testing;
using OpenPath = Xget.Node.Tests.TreeClient.OpenPath;

namespace Xget.Node.Tests.Exporting;

/// <summary><c>redir</c> and <c>avail</c> below <c>/.xget/objects</c>: PROTOCOL.md section 3.</summary>
public sealed class RoutingFilesTests : IAsyncLifetime, IDisposable
{
    private readonly Files _files = new();
    private readonly List<TreeClient> _clients = [];
    private TestCluster _cluster = null!;

    private string[] Redir => TreeClient.Of(_cluster["img"], Names.Redir);

    private string[] Avail => TreeClient.Of(_cluster["img"], Names.Avail);

    public async Task InitializeAsync()
    {
        _files.Add("img", Files.Random(300_000));
        _cluster = await TestCluster.ServeAsync(_files.Root);
    }

    public async Task DisposeAsync()
    {
        foreach (TreeClient client in _clients)
            await client.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    public void Dispose() => _files.Dispose();

    /// <summary>A node on a host of its own.</summary>
    private async Task<(TreeClient Client, MemoryTransport Host)> NodeAsync(string name)
    {
        MemoryTransport host = _cluster.NewWorkerHost(7000);
        TreeClient client = await _cluster.AttachAsync(name, host: host);
        _clients.Add(client);
        return (client, host);
    }

    /// <summary>A node that serves from port 7000 and has asked for its route, as one does.</summary>
    private async Task<(string Address, OpenPath Avail, OpenPath Redir, string Route, TreeClient Client)> WorkerAsync(string name)
    {
        (TreeClient client, MemoryTransport host) = await NodeAsync(name);
        OpenPath avail = await client.OpenAsync(OpenFlags.O_WRONLY, Avail);
        await avail.WriteAsync("7000");
        OpenPath redir = await client.OpenAsync(OpenFlags.O_RDWR, Redir);
        return ($"{host.Address}!7000", avail, redir, await redir.ReadAsync(), client);
    }

    [Fact]
    public async Task Who_comes_first_reads_from_the_master_and_the_next_from_him()
    {
        var first = await WorkerAsync("node1");
        var second = await WorkerAsync("node2");
        Assert.Equal("0 1 me\n", first.Route);
        Assert.Equal($"0 2 {first.Address}\n", second.Route);
    }

    [Fact]
    public async Task Of_two_bursts_of_avail_and_redir_that_come_at_once_one_gets_me_and_the_other_that_node()
    {
        (TreeClient a, MemoryTransport hostA) = await NodeAsync("node1");
        (TreeClient b, MemoryTransport hostB) = await NodeAsync("node2");
        string[] routes = await Task.WhenAll(BurstAsync(a), BurstAsync(b));
        Assert.Contains("0 1 me\n", routes);
        Assert.Contains(routes[0] == "0 1 me\n" ? $"0 2 {hostA.Address}!7000\n" : $"0 2 {hostB.Address}!7000\n", routes);
    }

    private async Task<string> BurstAsync(TreeClient node)
    {
        byte[] text = new byte[200];
        Task<NineP.Reply<int>> read;
        using (node.Client.Burst())
        {
            uint avail = node.Client.NewFid(), redir = node.Client.NewFid();
            _ = node.Client.WalkAsync(0, avail, Avail).AsTask();
            _ = node.Client.OpenAsync(avail, OpenFlags.O_WRONLY).AsTask();
            _ = node.Client.WriteAsync(avail, 0, "7000"u8.ToArray()).AsTask();
            _ = node.Client.WalkAsync(0, redir, Redir).AsTask();
            _ = node.Client.OpenAsync(redir, OpenFlags.O_RDWR).AsTask();
            read = node.Client.ReadAsync(redir, 0, text).AsTask();
        }
        return System.Text.Encoding.ASCII.GetString(text, 0, (await read).Value);
    }

    [Fact]
    public async Task A_node_that_does_not_advertise_gets_a_route_and_is_nobodys_parent()
    {
        OpenPath redir = await ReaderAsync("reader");
        Assert.Equal("0 1 me\n", await redir.ReadAsync());
        Assert.Equal("0 1 me\n", (await WorkerAsync("node1")).Route);
    }

    [Fact]
    public async Task Reading_again_tells_the_route_that_is_held()
    {
        await WorkerAsync("node1");
        var second = await WorkerAsync("node2");
        long decisions = await _cluster.StatAsync("route-decisions");
        Assert.Equal(second.Route, await second.Redir.ReadAsync());
        Assert.Equal(second.Route[2..], await second.Redir.ReadAsync(offset: 2));
        Assert.Equal("", await second.Redir.ReadAsync(offset: 1000));
        Assert.Equal(decisions, await _cluster.StatAsync("route-decisions"));
    }

    [Fact]
    public async Task A_route_is_held_until_its_fid_is_closed()
    {
        await WorkerAsync("node1");
        var second = await WorkerAsync("node2");
        Assert.Equal(2, await _cluster.StatAsync("routes-held"));
        Assert.Equal(1, (await RouteOfAsync("node1"))!.Connections);
        await second.Redir.CloseAsync();
        Assert.Equal(1, await _cluster.StatAsync("routes-held"));
        Assert.Equal(0, (await RouteOfAsync("node1"))!.Connections);
    }

    [Fact]
    public async Task A_redir_that_is_opened_and_not_read_holds_nothing()
    {
        OpenPath redir = await ReaderAsync("reader");
        Assert.Equal(0, await _cluster.StatAsync("routes-held"));
        await redir.CloseAsync();
        Assert.Null(await _cluster.TreeAsync(_cluster["img"]));
    }

    [Fact]
    public async Task A_node_is_a_worker_until_its_avail_is_closed()
    {
        var first = await WorkerAsync("node1");
        await first.Avail.CloseAsync();
        Assert.Equal("0 1 me\n", (await WorkerAsync("node2")).Route);
    }

    [Fact]
    public async Task A_lost_connection_takes_route_and_advertisement_back()
    {
        var first = await WorkerAsync("node1");
        await first.Client.DisposeAsync();
        await Until.TrueAsync(async () => await _cluster.TreeAsync(_cluster["img"]) is null);
        Assert.Equal("0 1 me\n", (await WorkerAsync("node2")).Route);
    }

    [Fact]
    public async Task A_node_that_connects_anew_before_its_earlier_connection_has_ended_is_not_sent_to_itself()
    {
        MemoryTransport host = _cluster.NewWorkerHost(7000);
        string[] routes = new string[2];
        for (int i = 0; i < 2; i++)
        {
            TreeClient client = await _cluster.AttachAsync("node1", host: host);
            _clients.Add(client);
            await (await client.OpenAsync(OpenFlags.O_WRONLY, Avail)).WriteAsync("7000");
            routes[i] = await (await client.OpenAsync(OpenFlags.O_RDWR, Redir)).ReadAsync();
        }
        Assert.Equal(["0 1 me\n", "0 1 me\n"], routes);
        Assert.Equal($"0 2 {host.Address}!7000\n", (await WorkerAsync("node2")).Route);
    }

    [Fact]
    public async Task Whom_a_node_excludes_it_never_gets_again()
    {
        var first = await WorkerAsync("node1");
        var second = await WorkerAsync("node2");
        var third = await WorkerAsync("node3");
        string[] parents = [first.Address, second.Address];
        List<string> given = [third.Route.Split(' ')[2].Trim()];
        for (int i = 0; i < 2; i++)
        {
            await third.Redir.WriteAsync($"exclude {given[^1]} lost");
            given.Add((await third.Redir.ReadAsync()).Split(' ')[2].Trim());
        }
        Assert.Equal([.. parents.Order(), "me"], [.. given[..2].Order(), given[2]]);
        await third.Redir.WriteAsync("exclude me stalled");
        Assert.Equal("0 1 me\n", await third.Redir.ReadAsync());
    }

    [Fact]
    public async Task A_worker_that_two_nodes_exclude_is_given_to_nobody()
    {
        var liar = await WorkerAsync("liar");
        for (int i = 0; i < 2; i++)
        {
            OpenPath redir = await ReaderAsync($"reader{i}");
            Assert.Equal($"0 2 {liar.Address}\n", await redir.ReadAsync());
            await redir.WriteAsync($"exclude {liar.Address} corrupt");
            Assert.Equal("0 1 me\n", await redir.ReadAsync());
        }
        Assert.Equal("0 1 me\n", await (await ReaderAsync("reader2")).ReadAsync());
    }

    private async Task<OpenPath> ReaderAsync(string name)
    {
        (TreeClient reader, _) = await NodeAsync(name);
        return await reader.OpenAsync(OpenFlags.O_RDWR, Redir);
    }

    [Fact]
    public async Task No_text_whatever_harms_the_master()
    {
        var random = new Random(1);
        var node = await WorkerAsync("node1");
        string[] words = ["exclude", "me", "lost", "have", "7000", "10.0.0.1!7000", " ", "\n", "\0", "!", "-1", "\u00e4", "99999999999999999999"];
        for (int i = 0; i < 500; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => words[random.Next(words.Length)] + (random.Next(2) == 0 ? " " : "")));
            await node.Redir.TryWriteAsync(text);
            await node.Avail.TryWriteAsync(text);
        }
        Assert.NotEmpty(await node.Redir.ReadAsync());
        Assert.NotNull(await RouteOfAsync("node1"));
    }

    [Fact]
    public async Task Excluding_somebody_else_than_the_parent_changes_nothing()
    {
        await WorkerAsync("node1");
        var second = await WorkerAsync("node2");
        await second.Redir.WriteAsync("exclude 10.9.9.9!1 lost");
        Assert.Equal(second.Route, await second.Redir.ReadAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("exclude")]
    [InlineData("exclude you lost")]
    [InlineData("exclude 10.0.0.1 lost")]
    [InlineData("include me")]
    [InlineData("exclude  me")]
    public async Task A_malformed_exclude_is_refused(string text)
    {
        var node = await WorkerAsync("node1");
        Assert.Equal(Errno.EINVAL, (await node.Redir.TryWriteAsync(text)).Error);
        Assert.Equal(node.Route, await node.Redir.ReadAsync());
    }

    [Fact]
    public async Task Why_a_parent_is_excluded_stands_in_the_log()
    {
        var first = await WorkerAsync("node1");
        var second = await WorkerAsync("node2");
        await second.Redir.WriteAsync($"exclude {first.Address} stalled");
        Assert.True(_cluster.Log.Has("Warning", "node2", "node1", first.Address, "img", "stalled"));
        var third = await WorkerAsync("node3");
        await third.Redir.WriteAsync($"exclude {third.Route.Split(' ')[2].Trim()} corrupt");
        Assert.True(_cluster.Log.Has("Error", "node3", "wrong bytes"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("-1")]
    [InlineData("7000 me")]
    [InlineData("have 7")]
    public async Task A_malformed_port_is_refused_and_advertises_nothing(string text)
    {
        (TreeClient client, _) = await NodeAsync("node1");
        OpenPath avail = await client.OpenAsync(OpenFlags.O_WRONLY, Avail);
        Assert.Equal(Errno.EINVAL, (await avail.TryWriteAsync(text)).Error);
        Assert.Null(await _cluster.TreeAsync(_cluster["img"]));
        await avail.WriteAsync("7000");
        Assert.NotNull(await _cluster.TreeAsync(_cluster["img"]));
    }

    [Fact]
    public async Task What_a_node_says_that_it_has_shows_in_the_tree()
    {
        var node = await WorkerAsync("node1");
        await node.Avail.WriteAsync("have 65536");
        Assert.Equal(65536UL, (await RouteOfAsync("node1"))!.Have);
        await node.Avail.WriteAsync("have 18446744073709551615");
        Assert.Equal(300_000UL, (await RouteOfAsync("node1"))!.Have);
        Assert.Equal(Errno.EINVAL, (await node.Avail.TryWriteAsync("have much")).Error);
        Assert.Equal(Errno.EINVAL, (await node.Avail.TryWriteAsync("7000")).Error);
    }

    [Fact]
    public async Task Who_has_everything_and_holds_no_route_needs_nobody()
    {
        var first = await WorkerAsync("node1");
        await first.Avail.WriteAsync("have 300000");
        await first.Redir.CloseAsync();
        Assert.Equal(new TreeReport.Route(null, null, "node1", first.Address, null, 0, 300_000), await RouteOfAsync("node1"));
        Assert.Equal($"0 2 {first.Address}\n", (await WorkerAsync("node2")).Route);
    }

    [Fact]
    public async Task Avail_cannot_be_read_before_it_is_written()
    {
        (TreeClient client, _) = await NodeAsync("node1");
        Assert.Equal(Errno.EACCES, await (await client.OpenAsync(OpenFlags.O_RDWR, Avail)).ReadErrorAsync());
    }

    [Fact]
    public async Task The_tree_shows_name_level_address_parent_and_connections_of_each_node()
    {
        var first = await WorkerAsync("node1");
        var second = await WorkerAsync("node2");
        Assert.Equal(
            $"content {_cluster["img"].Data.Content} 300000 img\n" +
            $"route 0 1 node1 {first.Address} me 1 0\n" +
            $"route 0 2 node2 {second.Address} {first.Address} 0 0\n",
            await _cluster.ReadAsync(Names.Tree));
    }

    [Fact]
    public async Task The_name_of_a_node_is_one_printable_word()
    {
        (TreeClient client, MemoryTransport host) = await NodeAsync("a b\nroute 0 1 evil\u001b[2J" + new string('x', 1000));
        await (await client.OpenAsync(OpenFlags.O_RDWR, Redir)).ReadAsync();
        string[] lines = (await _cluster.ReadAsync(Names.Tree)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("route 0 1 a.b.route.0.1.evil.[2Jxxx", lines[1], StringComparison.Ordinal);
        Assert.Equal(8, lines[1].Split(' ').Length);
        Assert.True(lines[1].Length < 100);
        Assert.NotNull(host);
    }

    [Fact]
    public async Task A_node_without_a_name_is_called_by_its_address()
    {
        (TreeClient client, MemoryTransport host) = await NodeAsync("");
        await (await client.OpenAsync(OpenFlags.O_RDWR, Redir)).ReadAsync();
        Assert.NotNull(await RouteOfAsync(host.Address.ToString()));
    }

    [Fact]
    public async Task The_figures_count_nodes_workers_routes_and_connections()
    {
        await WorkerAsync("node1");
        await WorkerAsync("node2");
        await NodeAsync("idle");
        Assert.Equal(2, await _cluster.StatAsync("nodes"));
        Assert.Equal(2, await _cluster.StatAsync("workers"));
        Assert.Equal(1, await _cluster.StatAsync("contents-active"));
        Assert.Equal(2, await _cluster.StatAsync("routes-held"));
        Assert.Equal(2, await _cluster.StatAsync("route-decisions"));
        await Until.TrueAsync(async () => await _cluster.StatAsync("connections") == 4); // those that asked before are being closed
        Assert.Equal(1, await _cluster.StatAsync("files"));
        Assert.Equal(300_000, await _cluster.StatAsync("bytes"));
        Assert.Equal(0, await _cluster.StatAsync("bytes-served"));
    }

    private async Task<TreeReport.Route?> RouteOfAsync(string node) =>
        (await _cluster.TreeAsync(_cluster["img"]))?.Routes.SingleOrDefault(r => r.Node == node);
}
