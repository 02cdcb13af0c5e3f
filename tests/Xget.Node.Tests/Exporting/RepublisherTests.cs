using System.Net;
using Mono.Unix.Native;
using Xget.Content;
using Xget.Lab;
using Xget.Node.Exporting;
using Xget.Node.Wire;
using Xget.Routing;
using Xget.Testing;

namespace Xget.Node.Tests.Exporting;

/// <summary>Publishing again, and <c>/.xget/publish</c>: PROTOCOL.md section 3.</summary>
public sealed class RepublisherTests : IAsyncLifetime, IDisposable
{
    private readonly Files _files = new();
    private readonly RecordingLog _log = new();
    private readonly MemoryTransport _host = new();
    private readonly DigestIndex _index = DigestIndex.InMemory();
    private readonly CancellationTokenSource _stop = new();
    private Republisher _republisher = null!;
    private Master _master = null!;
    private Task _running = Task.CompletedTask;

    public async Task InitializeAsync()
    {
        _files.Add("tree/a", Files.Random(1000, 1));
        _files.Add("tree/sub/b", Files.Random(300_000, 2));
        await StartAsync(_files["tree"], new PublishOptions());
    }

    public async Task DisposeAsync()
    {
        await EndAsync();
        await _master.DisposeAsync();
    }

    public void Dispose()
    {
        _files.Dispose();
        _index.Dispose();
        _stop.Dispose();
    }

    private async Task StartAsync(string path, PublishOptions options)
    {
        var publisher = new Publisher(TimeProvider.System);
        Generation generation = await publisher.PublishAsync(_files["tree"], _index, 1, new PublishOptions());
        _republisher = new Republisher(path, publisher, _index, options, _log.Logger);
        var masterOptions = new MasterOptions
        {
            Listen = new IPEndPoint(_host.Address, 20004), Routing = new RoutingOptions(), Republish = _republisher.RequestAsync,
        };
        _master = new Master(masterOptions, generation, _host, TimeProvider.System, _log.Logger);
    }

    private void Run() => _running = _republisher.RunAsync(_master, _stop.Token);

    private async Task EndAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await Until.DoneAsync(_running);
        }
        catch (OperationCanceledException)
        {
        }
    }

    private Task<PublishReport> PublishAsync() => Until.DoneAsync(_republisher.RequestAsync());

    private Task<TreeClient> AttachAsync(MemoryTransport host) => TreeClient.AttachAsync(host, _master.Local, "somebody");

    [Fact]
    public async Task What_changed_is_counted_and_named()
    {
        Run();
        _files.Add("tree/sub/c", Files.Random(10));
        _files.Add("tree/a", Files.Random(2000, 3));
        File.Delete(_files["tree/sub/b"]);
        PublishReport report = await PublishAsync();
        Assert.Equal((2UL, _master.Generation.Root, 2L, 2010L), (report.Number, report.Root, report.Files, report.Bytes));
        Assert.Equal((1L, 1L, 1L), (report.Difference!.Added, report.Difference.Removed, report.Difference.Changed));
        Assert.Equal(["changed a", "removed sub/b", "added sub/c"], report.Difference.First.AsEnumerable());
        Assert.True(_log.Has("Information", report.Summary));
    }

    [Fact]
    public async Task The_same_root_takes_the_new_states_of_the_files_over()
    {
        Run();
        Generation before = _master.Generation;
        string[] path = TreeClient.Of(before.Tree.Find("sub"u8)!.Find("b"u8)!, Names.Data);
        // A hard link that comes and goes changes the time stamp of the inode and nothing else.
        Assert.Equal(0, Syscall.link(_files["tree/sub/b"], _files["link"]));
        File.Delete(_files["link"]);
        PublishReport report = await PublishAsync();
        Assert.Equal((1UL, before.Root, (TreeDifference?)null), (report.Number, report.Root, report.Difference));
        Assert.Equal("nothing has changed", report.Summary);
        Assert.NotSame(before.Tree, _master.Generation.Tree);
        await using TreeClient client = await AttachAsync(_host.NewHost());
        Assert.Equal(await File.ReadAllBytesAsync(_files["tree/sub/b"]), await client.ReadBytesAsync(path));
        Assert.Contains("generation 1\n", await client.ReadAsync(Names.Xget, Names.Generation), StringComparison.Ordinal);
        Assert.False(_log.Has("has changed since it was published"));
    }

    [Fact]
    public async Task A_root_that_is_gone_is_told_to_who_asked_and_the_next_time_is_another()
    {
        Run();
        Directory.Move(_files["tree"], _files["aside"]);
        PublishReport report = await PublishAsync();
        Assert.Contains("no such file or directory", report.Failure, StringComparison.Ordinal);
        Assert.True(_log.Has("Error", report.Failure!));
        Assert.Equal(1UL, _master.Generation.Number);
        Directory.Move(_files["aside"], _files["tree"]);
        Assert.Null((await PublishAsync()).Failure);
    }

    [Fact]
    public async Task A_failure_of_any_kind_is_told_and_the_loop_goes_on()
    {
        await _master.DisposeAsync();
        await StartAsync(_files["tree"], new PublishOptions { Parallelism = 0 });    // refused by an ArgumentException
        Run();
        Assert.NotNull((await PublishAsync()).Failure);
        Assert.NotNull((await PublishAsync()).Failure);
        Assert.False(_running.IsCompleted);
    }

    [Fact]
    public async Task A_request_before_it_runs_is_not_lost_and_two_at_once_get_one_answer()
    {
        Task<PublishReport> one = _republisher.RequestAsync();
        Task<PublishReport> two = _republisher.RequestAsync();
        _files.Add("tree/new", Files.Random(5));
        Run();
        Assert.Same(await Until.DoneAsync(one), await Until.DoneAsync(two));
        Assert.Equal(["added new"], (await one).Difference!.First.AsEnumerable());
        Assert.Null((await PublishAsync()).Difference);
    }

    [Fact]
    public async Task Who_waits_when_the_master_ends_is_told()
    {
        Run();
        await EndAsync();
        Assert.Equal("the master ends", (await PublishAsync()).Failure);
    }

    [SkippableFact]
    public async Task What_is_left_out_is_said_once_and_in_the_generation()
    {
        Run();
        string name = new('d', 200);
        Command.Run("bash", "-c", $"cd \"$1\"; for i in $(seq 25); do mkdir {name}; cd -P {name}; done", "bash", _files["tree/sub"]);
        PublishReport report = await PublishAsync();
        Assert.Equal(1, report.LeftOut);
        Assert.EndsWith(": its path is longer than 4095 bytes", Assert.Single(report.LeftOutNames), StringComparison.Ordinal);
        await PublishAsync();
        Assert.Single(_log.Records, r => r.Contains("left out", StringComparison.Ordinal));
        await using TreeClient client = await AttachAsync(_host.NewHost());
        Assert.Contains("\nleft-out 1\n", await client.ReadAsync(Names.Xget, Names.Generation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_writes_and_reads_gets_the_report_of_a_publishing_that_began_after_it()
    {
        Run();
        await using TreeClient client = await AttachAsync(_host);
        TreeClient.OpenPath file = await client.OpenAsync(OpenFlags.O_RDWR, Names.Xget, Names.Publish);
        Assert.Equal(Errno.EINVAL, await file.ReadErrorAsync());
        _files.Add("tree/new", Files.Random(5));
        await file.WriteAsync("now");
        string text = await file.ReadAsync();
        Assert.Equal($"generation 2 {_master.Generation.Root}\nfiles 3\nbytes 301005\nchanged 1 1 0 0\nentry added new\nleft-out 0\n", text);
        Assert.Equal("files 3", (await file.ReadAsync(78))[..7]);
        await file.WriteAsync("now");
        Assert.Contains("changed 0 0 0 0\nunchanged\n", await file.ReadAsync(), StringComparison.Ordinal);
        Directory.Move(_files["tree"], _files["aside"]);
        await file.WriteAsync("now");
        Assert.StartsWith("failed cannot publish", await file.ReadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_only_writes_asks_as_ever_and_who_goes_away_costs_nothing()
    {
        await using (TreeClient client = await AttachAsync(_host))
        {
            TreeClient.OpenPath file = await client.OpenAsync(OpenFlags.O_RDWR, Names.Xget, Names.Publish);
            await file.WriteAsync("now");
            _ = client.Client.ReadAsync(file.Fid, 0, new byte[100]).AsTask();
        }
        _files.Add("tree/new", Files.Random(5));
        Run();
        await Until.TrueAsync(() => _master.Generation.Number == 2);
        await using TreeClient another = await AttachAsync(_host);
        await (await another.OpenAsync(OpenFlags.O_WRONLY, Names.Xget, Names.Publish)).WriteAsync("now\n");
        await Until.TrueAsync(() => _log.Has("nothing has changed"));
    }

    [Fact]
    public async Task Other_machines_may_not_ask()
    {
        await using TreeClient client = await AttachAsync(_host.NewHost());
        Assert.Equal(Errno.EACCES, (await client.TryOpenAsync(OpenFlags.O_WRONLY, Names.Xget, Names.Publish)).Error);
    }

    [Fact]
    public async Task A_node_on_the_masters_machine_gets_the_report()
    {
        Run();
        _files.Add("tree/new", Files.Random(5));
        var options = new NodeOptions { Masters = [_master.Local], Name = "here", Share = false };
        await using var node = new ClusterNode(options, _host, TimeProvider.System, new Random(1), _log.Logger);
        Assert.Null(await Until.DoneAsync(node.StartAsync(CancellationToken.None).AsTask()));
        (PublishReport? report, string? reason) = await Until.DoneAsync(node.PublishAsync(CancellationToken.None).AsTask());
        Assert.Null(reason);
        Assert.Equal((2UL, 1L), (report!.Number, report.Difference!.Added));
    }
}
