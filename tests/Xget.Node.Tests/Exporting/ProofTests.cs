using System.Net;
using Mono.Unix.Native;
using Xget.NineP;
using Xget.Node.Wire;
using Xget.Testing;
using OpenPath = Xget.Node.Tests.TreeClient.OpenPath;

namespace Xget.Node.Tests.Exporting;

/// <summary>A worker is named only after the master has reached it: PROTOCOL.md, <c>avail</c>.</summary>
public sealed class ProofTests : IAsyncLifetime, IDisposable
{
    private const int Port = 7000;
    private readonly Files _files = new();
    private readonly ManualTime _time = new();
    private readonly List<IAsyncDisposable> _open = [];
    private TestCluster _cluster = null!;

    public async Task InitializeAsync()
    {
        _files.Add("img", Files.Random(300_000));
        _files.Add("next", Files.Random(300_000, 2));
        _cluster = await TestCluster.ServeAsync(_files.Root, time: _time);
    }

    public async Task DisposeAsync()
    {
        foreach (IAsyncDisposable open in Enumerable.Reverse(_open))
            await open.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    public void Dispose() => _files.Dispose();

    private T Opened<T>(T open) where T : IAsyncDisposable
    {
        _open.Add(open);
        return open;
    }

    private async Task<TreeClient> ClientAsync(MemoryTransport host, string name = "node") =>
        Opened(await _cluster.AttachAsync(name, host: host));

    private async Task<OpenPath> AdvertiseAsync(TreeClient client, string file = "img", int port = Port)
    {
        OpenPath avail = await client.OpenAsync(OpenFlags.O_RDWR, TreeClient.Of(_cluster[file], Names.Avail));
        await avail.WriteAsync($"{port}");
        await avail.WriteAsync("have 300000"); // so that it needs no route to be a worker
        return avail;
    }

    private Task<OpenPath> RedirAsync(TreeClient client, string file = "img") =>
        client.OpenAsync(OpenFlags.O_RDWR, TreeClient.Of(_cluster[file], Names.Redir));

    /// <summary>What a stranger is told to read from.</summary>
    private async Task<string> ParentAsync(string file = "img")
    {
        TreeClient reader = await ClientAsync(_cluster.MasterHost.NewHost(), "reader");
        OpenPath redir = await RedirAsync(reader, file);
        string parent = (await redir.ReadAsync()).Split(' ')[2].Trim();
        await redir.CloseAsync();
        return parent;
    }

    /// <summary>Somebody who takes connections at that port and says nothing.</summary>
    private IListener Mute(MemoryTransport host) => Opened(host.Listen(new IPEndPoint(host.Address, Port)));

    [Fact]
    public async Task A_worker_that_answers_is_reachable_and_is_named()
    {
        MemoryTransport host = _cluster.NewWorkerHost(Port);
        OpenPath avail = await AdvertiseAsync(await ClientAsync(host));
        Assert.Equal("reachable\n", await avail.ReadAsync());
        Assert.Equal("", await avail.ReadAsync(offset: 10));
        Assert.Equal($"{host.Address}!{Port}", await ParentAsync());
    }

    [Fact]
    public async Task A_worker_that_refuses_connections_is_told_why_and_is_named_to_nobody()
    {
        OpenPath avail = await AdvertiseAsync(await ClientAsync(_cluster.MasterHost.NewHost(), "walled"));
        Assert.Equal("unreachable connection refused\n", await avail.ReadAsync());
        Assert.Equal("me", await ParentAsync());
        Assert.True(_cluster.Log.Has("Warning", "walled", "cannot be reached", "connection refused"));
    }

    [Fact]
    public async Task A_worker_that_does_not_answer_is_given_up_after_two_seconds_and_its_routes_wait_for_a_quarter_of_one()
    {
        MemoryTransport host = _cluster.MasterHost.NewHost();
        IListener mute = Mute(host);
        TreeClient client = await ClientAsync(host);
        OpenPath avail = await AdvertiseAsync(client);
        await mute.AcceptAsync(default); // the probe is under way
        Task<string> route = (await RedirAsync(client)).ReadAsync();
        Task<string> reachable = avail.ReadAsync();
        Assert.Equal("me", await ParentAsync()); // requests of another are not held up
        Assert.False(route.IsCompleted);
        await Until.TrueAsync(_time, () => route.IsCompleted);
        Assert.InRange(_time.GetUtcNow() - DateTimeOffset.UnixEpoch, TimeSpan.FromSeconds(0.25), TimeSpan.FromSeconds(0.5));
        Assert.Equal("0 1 me\n", await route);
        Assert.False(reachable.IsCompleted);
        await Until.TrueAsync(_time, () => reachable.IsCompleted);
        Assert.InRange(_time.GetUtcNow() - DateTimeOffset.UnixEpoch, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3));
        Assert.Equal("unreachable no answer\n", await reachable);
    }

    [Fact]
    public async Task A_worker_that_is_reached_late_is_named_from_then_on()
    {
        MemoryTransport host = _cluster.MasterHost.NewHost();
        OpenPath avail = await AdvertiseAsync(await ClientAsync(host));
        Assert.StartsWith("unreachable", await avail.ReadAsync(), StringComparison.Ordinal);
        Opened(new AnsweringPort(host, Port));
        Assert.Equal("me", await ParentAsync());
        await Until.TrueAsync(async () =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            return await ParentAsync() == $"{host.Address}!{Port}";
        });
        Assert.InRange(_time.GetUtcNow() - DateTimeOffset.UnixEpoch, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
        Assert.Equal("reachable\n", await avail.ReadAsync());
    }

    [Fact]
    public async Task One_probe_serves_all_contents_of_a_connection()
    {
        MemoryTransport host = _cluster.NewWorkerHost(Port);
        TreeClient client = await ClientAsync(host);
        foreach (string file in new[] { "img", "next" })
            Assert.Equal("reachable\n", await (await AdvertiseAsync(client, file)).ReadAsync());
        Assert.Equal($"{host.Address}!{Port}", await ParentAsync("next"));
        Assert.Single(host.Connections, c => c.Remote.Equals(new IPEndPoint(host.Address, Port)));
    }

    [Fact]
    public async Task Eight_unproven_workers_of_an_address_are_tried_at_a_time_and_the_others_when_those_are_through()
    {
        MemoryTransport host = _cluster.MasterHost.NewHost();
        var avails = new List<OpenPath>();
        for (int i = 0; i < 30; i++)
            avails.Add(await AdvertiseAsync(await ClientAsync(host, $"node{i}"), port: Port + i));
        foreach (OpenPath avail in avails[..8])
            Assert.Equal("unreachable connection refused\n", await avail.ReadAsync());
        Task<string> ninth = avails[8].ReadAsync();
        await Until.TrueAsync(_time, () => ninth.IsCompleted);
        Assert.Contains("come first", await ninth, StringComparison.Ordinal);
        Opened(new AnsweringPort(host, Port + 8));
        await avails[0].CloseAsync();
        await Until.TrueAsync(async () => await avails[8].ReadAsync() == "reachable\n");
    }

    [Fact]
    public async Task Who_holds_a_port_keeps_it_as_long_as_its_connection_lives()
    {
        MemoryTransport host = _cluster.NewWorkerHost(Port);
        TreeClient real = await ClientAsync(host, "real");
        Assert.Equal("reachable\n", await (await AdvertiseAsync(real)).ReadAsync());
        OpenPath other = await AdvertiseAsync(await ClientAsync(host, "other"), "next");
        Assert.Contains("holds the port", await other.ReadAsync(), StringComparison.Ordinal);
        Assert.Equal($"{host.Address}!{Port}", await ParentAsync());
        Assert.Equal("me", await ParentAsync("next"));

        await real.DisposeAsync();
        await Until.TrueAsync(async () => await other.ReadAsync() == "reachable\n");
        Assert.Equal($"{host.Address}!{Port}", await ParentAsync("next"));
    }

    [Fact]
    public async Task A_master_that_ends_ends_its_probes()
    {
        MemoryTransport host = _cluster.MasterHost.NewHost();
        IListener mute = Mute(host);
        await AdvertiseAsync(await ClientAsync(host));
        await using IConnection probe = await mute.AcceptAsync(default);
        byte[] bytes = new byte[100];
        Assert.NotEqual(0, await probe.ReceiveAsync(bytes, default));
        await Until.DoneAsync(_cluster.Master.DisposeAsync().AsTask());
        await Until.DoneAsync(Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            if (await probe.ReceiveAsync(bytes, default) == 0)
                throw new IOException("the end");
        }));
    }

    [Fact]
    public async Task A_worker_of_2009_is_reached_when_it_can_be_connected_to_whatever_it_answers()
    {
        MemoryTransport host = _cluster.MasterHost.NewHost();
        IListener mute = Mute(host);
        TreeClient client = Opened(await _cluster.AttachAsync("root", host: host, dialect: Dialect.NineP2000));
        Assert.Equal("me", await client.ReadAsync("img", "redir"));
        await (await client.OpenAsync(OpenFlags.O_WRONLY, "img", "avail")).WriteAsync($"{Port} me\0");
        await mute.AcceptAsync(default);
        await Until.TrueAsync(async () => await _cluster.StatAsync("workers") == 1);
        TreeClient second = Opened(await _cluster.AttachAsync("root", dialect: Dialect.NineP2000));
        Assert.Equal($"{host.Address}!{Port}", await second.ReadAsync("img", "redir"));
    }

    [Fact]
    public async Task Next_is_answered_five_times_a_second_to_who_asks_again_and_again()
    {
        TreeClient client = await ClientAsync(_cluster.MasterHost.NewHost());
        for (int i = 0; i < 10; i++)
        {
            OpenPath next = await client.OpenAsync(OpenFlags.O_RDWR, Names.Xget, Names.Next);
            await next.WriteAsync(new string('0', 64));
            Task<string> answer = next.ReadAsync();
            await Until.TrueAsync(_time, () => answer.IsCompleted);
            Assert.StartsWith("generation 1", await answer, StringComparison.Ordinal);
            await next.CloseAsync();
        }
        Assert.True(_time.GetUtcNow() - DateTimeOffset.UnixEpoch >= TimeSpan.FromSeconds(1.8));
    }

    [Fact]
    public async Task The_length_of_a_made_up_text_is_0_and_it_is_read_to_its_end_all_the_same()
    {
        TreeClient client = await ClientAsync(_cluster.NewWorkerHost(Port));
        await AdvertiseAsync(client);
        foreach (string name in new[] { Names.Tree, Names.Stats, Names.Generation })
        {
            uint fid = client.Client.NewFid();
            await client.Client.WalkAsync(0, fid, Names.Xget, name);
            Assert.Equal(0UL, (await client.Client.GetAttributesAsync(fid)).Value.Attributes.Size);
            Assert.EndsWith("\n", await client.ReadAsync(Names.Xget, name), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_worker_that_two_addresses_report_is_named_for_no_content_until_it_is_reached_after_a_pause()
    {
        MemoryTransport host = _cluster.NewWorkerHost(Port);
        string address = $"{host.Address}!{Port}";
        TreeClient worker = await ClientAsync(host, "worker");
        await (await AdvertiseAsync(worker)).ReadAsync();
        await (await AdvertiseAsync(worker, "next")).ReadAsync();
        foreach (string file in new[] { "img", "next" })
        {
            OpenPath redir = await RedirAsync(await ClientAsync(_cluster.MasterHost.NewHost(), $"child-{file}"), file);
            Assert.Contains(address, await redir.ReadAsync(), StringComparison.Ordinal);
            await redir.WriteAsync($"exclude {address} stalled");
            Assert.Equal("0 1 me\n", await redir.ReadAsync());
        }
        Assert.Equal("me", await ParentAsync());
        Assert.Equal("me", await ParentAsync("next"));
        Assert.True(_cluster.Log.Has("Warning", "worker", address, "fails", "child-next", "serves nobody until it is reached again"));
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal("me", await ParentAsync());
        await Until.TrueAsync(async () =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            return await ParentAsync() == address;
        });
        Assert.Equal(address, await ParentAsync("next"));
    }

    [Fact]
    public async Task Two_connections_of_one_address_are_one_voice()
    {
        MemoryTransport host = _cluster.NewWorkerHost(Port);
        string address = $"{host.Address}!{Port}";
        await (await AdvertiseAsync(await ClientAsync(host, "worker"))).ReadAsync();
        MemoryTransport one = _cluster.MasterHost.NewHost();
        for (int i = 0; i < 83; i++)
        {
            OpenPath redir = await RedirAsync(await ClientAsync(one, $"liar{i}"));
            Assert.Contains(address, await redir.ReadAsync(), StringComparison.Ordinal);
            await redir.WriteAsync($"exclude {address} corrupt");
            await redir.CloseAsync();
        }
        Assert.Equal(address, await ParentAsync());
    }

    [Fact]
    public async Task A_worker_that_one_node_reports_and_that_the_master_cannot_reach_either_is_named_to_nobody()
    {
        MemoryTransport host = _cluster.MasterHost.NewHost();
        string address = $"{host.Address}!{Port}";
        var port = new AnsweringPort(host, Port);
        OpenPath avail = await AdvertiseAsync(await ClientAsync(host, "worker"));
        Assert.Equal("reachable\n", await avail.ReadAsync());
        await port.DisposeAsync();
        _time.Advance(TimeSpan.FromSeconds(20));
        OpenPath redir = await RedirAsync(await ClientAsync(_cluster.MasterHost.NewHost(), "child"));
        await redir.ReadAsync();
        await redir.WriteAsync($"exclude {address} refused");
        await Until.TrueAsync(async () => await avail.ReadAsync() == "unreachable connection refused\n");
        Assert.Equal("me", await ParentAsync());
    }

    [Fact]
    public async Task A_worker_that_a_node_reported_is_not_given_to_it_for_another_content()
    {
        MemoryTransport host = _cluster.NewWorkerHost(Port);
        string address = $"{host.Address}!{Port}";
        TreeClient worker = await ClientAsync(host, "worker");
        await (await AdvertiseAsync(worker)).ReadAsync();
        await (await AdvertiseAsync(worker, "next")).ReadAsync();
        TreeClient child = await ClientAsync(_cluster.MasterHost.NewHost(), "child");
        OpenPath redir = await RedirAsync(child);
        await redir.ReadAsync();
        await redir.WriteAsync($"exclude {address} lost");
        Assert.Equal("0 1 me\n", await (await RedirAsync(child, "next")).ReadAsync());
        Assert.Equal(address, await ParentAsync("next"));
        _time.Advance(TimeSpan.FromMinutes(6));
        OpenPath later = await RedirAsync(child, "next");
        await later.ReadAsync();
        Assert.NotNull(later);
    }
}
