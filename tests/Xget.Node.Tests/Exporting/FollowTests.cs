using System.Text;
using Mono.Unix.Native;
using Xget.NineP;
using Xget.Node.Wire;
using Xget.Routing;
using Xget.Testing;
using OpenPath = Xget.Node.Tests.TreeClient.OpenPath;

namespace Xget.Node.Tests.Exporting;

/// <summary><c>follow</c> on <c>redir</c>, and slow nodes that are made to serve nobody: PROTOCOL.md section 3.</summary>
public sealed class FollowTests : IAsyncLifetime, IDisposable
{
    private const ulong Behind = 1 << 20;
    private const int Size = 4 << 20;

    private readonly Files _files = new();
    private readonly ManualTime _time = new();
    private readonly List<TreeClient> _clients = [];
    private TestCluster _cluster = null!;

    public async Task InitializeAsync()
    {
        _files.Add("img", Files.Random(Size));
        _files.Add("next", Files.Random(Size, 2));
        _cluster = await TestCluster.ServeAsync(_files.Root, new RoutingOptions { Stripes = 3, MaxLevel = 8 }, time: _time);
    }

    public async Task DisposeAsync()
    {
        foreach (TreeClient client in _clients)
            await client.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    public void Dispose() => _files.Dispose();

    /// <summary>A node that serves from port 7000 and holds routes.</summary>
    private sealed record Worker(TreeClient Client, OpenPath Avail, OpenPath Redir, string Address, string Route)
    {
        /// <summary>The read that waits for others; the master has begun it when this ends.</summary>
        public async Task<Task<string>> FollowAsync(CancellationToken ct = default)
        {
            byte[] text = new byte[4096];
            Task<Reply<int>> read = Client.Client.ReadAsync(Redir.Fid, Behind, text, Timeout.InfiniteTimeSpan, ct).AsTask();
            await Redir.ReadAsync(); // requests of a connection are applied in order
            return TextAsync(read, text);
        }

        private static async Task<string> TextAsync(Task<Reply<int>> read, byte[] text)
        {
            Reply<int> reply = await read;
            return reply.Ok ? Encoding.ASCII.GetString(text, 0, reply.Value) : reply.Error.ToString();
        }
    }

    private async Task<Worker> WorkerAsync(string name, bool follows = true)
    {
        MemoryTransport host = _cluster.NewWorkerHost(7000);
        TreeClient client = await _cluster.AttachAsync(name, host: host);
        _clients.Add(client);
        return await JoinAsync(client, $"{host.Address}!7000", "img", follows);
    }

    private async Task<Worker> JoinAsync(TreeClient client, string address, string file, bool follows = true)
    {
        OpenPath avail = await client.OpenAsync(OpenFlags.O_WRONLY, TreeClient.Of(_cluster[file], Names.Avail));
        await avail.WriteAsync("7000");
        OpenPath redir = await client.OpenAsync(OpenFlags.O_RDWR, TreeClient.Of(_cluster[file], Names.Redir));
        if (follows)
            await redir.WriteAsync("follow");
        return new Worker(client, avail, redir, address, await redir.ReadAsync());
    }

    [Fact]
    public async Task A_read_behind_the_end_waits_until_a_newcomer_takes_a_place_and_gives_the_new_routes_whole()
    {
        Worker first = await WorkerAsync("node1");
        Assert.Equal("0 1 me\n1 1 me\n2 1 me\n", first.Route);
        Task<string> changed = await first.FollowAsync();
        Assert.False(changed.IsCompleted);
        Worker second = await WorkerAsync("node2");
        Assert.Equal($"0 1 me\n1 2 {second.Address}\n2 1 me\n", await Until.DoneAsync(changed));
        Assert.Equal(await changed, await first.Redir.ReadAsync());
        Assert.False((await first.FollowAsync()).IsCompleted);
    }

    [Fact]
    public async Task Several_changes_are_told_as_one_to_who_asks_after_them()
    {
        Worker first = await WorkerAsync("node1");
        Worker second = await WorkerAsync("node2");
        Worker third = await WorkerAsync("node3");
        Assert.Equal($"0 1 me\n1 2 {second.Address}\n2 2 {third.Address}\n", await Until.DoneAsync(await first.FollowAsync()));
        Assert.False((await first.FollowAsync()).IsCompleted);
        Assert.Equal($"0 2 {first.Address}\n1 1 me\n2 2 {third.Address}\n", await Until.DoneAsync(await second.FollowAsync()));
    }

    [Fact]
    public async Task Tflush_ends_the_wait_and_no_change_is_lost_by_it()
    {
        Worker first = await WorkerAsync("node1");
        using var patience = new CancellationTokenSource();
        Task<string> changed = await first.FollowAsync(patience.Token);
        await patience.CancelAsync();
        Assert.Equal(nameof(Errno.EINTR), await Until.DoneAsync(changed));
        Assert.Equal(first.Route, await first.Redir.ReadAsync());
        Worker second = await WorkerAsync("node2");
        Assert.Contains(second.Address, await Until.DoneAsync(await first.FollowAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_follow_the_end_is_the_end()
    {
        Worker first = await WorkerAsync("node1", follows: false);
        Assert.Equal("", await first.Redir.ReadAsync(Behind));
        await WorkerAsync("node2");
        Assert.Equal("", await first.Redir.ReadAsync(Behind));
    }

    [Fact]
    public async Task What_a_node_changes_itself_it_is_not_told()
    {
        await WorkerAsync("node1");
        Worker second = await WorkerAsync("node2");
        Assert.Equal("0 2", second.Route[..3]);
        Task<string> changed = await second.FollowAsync();
        await second.Redir.WriteAsync($"exclude {second.Route.Split('\n')[0].Split(' ')[2]} lost");
        Assert.NotEqual(second.Route, await second.Redir.ReadAsync());
        Assert.False(changed.IsCompleted);
    }

    [Fact]
    public async Task A_clunk_while_it_waits_gives_the_routes_back()
    {
        Worker first = await WorkerAsync("node1");
        Task<string> changed = await first.FollowAsync();
        Assert.Equal(3, await _cluster.StatAsync("routes-held"));
        await first.Redir.CloseAsync();
        Assert.Equal(nameof(Errno.EINTR), await Until.DoneAsync(changed));
        await Until.TrueAsync(async () => await _cluster.StatAsync("routes-held") == 0);
        Assert.Equal(1, await _cluster.StatAsync("workers"));
    }

    [Fact]
    public async Task A_connection_that_is_lost_while_it_waits_gives_the_routes_back()
    {
        Worker first = await WorkerAsync("node1");
        Task<string> changed = await first.FollowAsync();
        await first.Client.DisposeAsync();
        Assert.NotEqual(first.Route, await Until.DoneAsync(changed));
        await Until.TrueAsync(async () => await _cluster.TreeAsync(_cluster["img"]) is null);
    }

    [Fact]
    public async Task A_node_that_has_been_there_for_half_a_second_keeps_its_place_when_another_comes()
    {
        Worker[] workers = [await WorkerAsync("node1"), await WorkerAsync("node2"), await WorkerAsync("node3"),
            await WorkerAsync("node4"), await WorkerAsync("node5"), await WorkerAsync("node6")];
        string[] routes = await RoutesAsync(workers);
        _time.Advance(TimeSpan.FromSeconds(1));
        await WorkerAsync("late1");
        await WorkerAsync("late2");
        await WorkerAsync("late3");
        Assert.Equal(routes, await RoutesAsync(workers));
    }

    private static async Task<string[]> RoutesAsync(Worker[] workers)
    {
        var routes = new string[workers.Length];
        for (int i = 0; i < routes.Length; i++)
            routes[i] = await workers[i].Redir.ReadAsync();
        return routes;
    }

    [Fact]
    public async Task A_node_far_slower_than_the_others_loses_its_children_who_are_told_and_reads_on()
    {
        Worker[] workers = [await WorkerAsync("node1"), await WorkerAsync("node2"), await WorkerAsync("node3"), await WorkerAsync("node4")];
        Worker slow = workers[0];
        Task<string> told = await workers[1].FollowAsync(); // the changes up to now
        await Until.DoneAsync(told);
        Assert.Contains(slow.Address, await told, StringComparison.Ordinal);
        told = await workers[1].FollowAsync();
        await ReportAsync(workers, slow);
        Assert.DoesNotContain(slow.Address, await Until.DoneAsync(told), StringComparison.Ordinal);
        Assert.True(_cluster.Log.Has("Warning", "node1", "img", "far more slowly"));
        TreeReport report = (await _cluster.TreeAsync(_cluster["img"]))!;
        Assert.All(report.Routes, r => Assert.NotEqual(slow.Address, r.Parent));
        Assert.Equal(3, report.Routes.Count(r => r.Node == "node1"));
        Assert.DoesNotContain(slow.Address, (await WorkerAsync("node5")).Route, StringComparison.Ordinal);
        Assert.Single(_cluster.Log.Records, r => r.Contains("far more slowly", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nor_does_it_serve_anybody_in_the_content_that_comes_next()
    {
        Worker[] workers = [await WorkerAsync("node1"), await WorkerAsync("node2"), await WorkerAsync("node3"), await WorkerAsync("node4")];
        Worker slow = workers[0];
        foreach (Worker worker in workers)
            await JoinAsync(worker.Client, worker.Address, "next");
        Assert.Contains((await _cluster.TreeAsync(_cluster["next"]))!.Routes, r => r.Parent == slow.Address);
        await ReportAsync(workers, slow);
        Assert.DoesNotContain((await _cluster.TreeAsync(_cluster["next"]))!.Routes, r => r.Parent == slow.Address);
    }

    [Fact]
    public async Task Who_stands_below_one_that_stands_still_is_not_taken_for_slow_before_that_one_goes_on()
    {
        Worker[] workers = [await WorkerAsync("node1"), await WorkerAsync("node2"), await WorkerAsync("node3"), await WorkerAsync("node4")];
        Worker slow = workers[1];
        Assert.Contains(workers[0].Address, await slow.Redir.ReadAsync(), StringComparison.Ordinal);
        await ReportAsync(workers[1..], slow);
        Assert.False(_cluster.Log.Has("Warning", "node2", "img", "far more slowly"));
        await ReportAsync(workers, slow);
        Assert.True(_cluster.Log.Has("Warning", "node2", "img", "far more slowly"));
    }

    /// <summary>For four seconds all report what they have, the slow one very little.</summary>
    private async Task ReportAsync(Worker[] workers, Worker slow)
    {
        for (int second = 0; second < 4; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            foreach (Worker worker in workers)
                await worker.Avail.WriteAsync($"have {(worker == slow ? 1000 : 500_000) * second} 2000000");
        }
    }
}
