using Mono.Unix.Native;
using Serilog;
using Serilog.Core;
using Xget.Node.Fetching;
using Xget.Node.Wire;

namespace Xget.Node.Tests.Exporting;

/// <summary><c>/log</c> and <c>/.xget/log</c>: the log of all nodes in one place.</summary>
public sealed class LogFilesTests : IAsyncLifetime, IDisposable
{
    private readonly Files _files = new();
    private TestCluster _cluster = null!;
    private TreeClient _node = null!;

    public async Task InitializeAsync()
    {
        _files.Add("f", [1]);
        _cluster = await TestCluster.ServeAsync(_files.Root);
        _node = await _cluster.AttachAsync("node7");
    }

    public async Task DisposeAsync()
    {
        await _node.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    public void Dispose() => _files.Dispose();

    private async Task WriteAsync(string record, params string[] path)
    {
        TreeClient.OpenPath log = await _node.OpenAsync(OpenFlags.O_WRONLY, path);
        await log.WriteAsync(record);
        await log.CloseAsync();
    }

    [Theory]
    [InlineData("VRB", "Verbose")]
    [InlineData("DBG", "Debug")]
    [InlineData("INF", "Information")]
    [InlineData("WRN", "Warning")]
    [InlineData("ERR", "Error")]
    [InlineData("FTL", "Fatal")]
    public async Task A_record_comes_to_the_masters_log_with_its_level_and_the_nodes_name(string letters, string level)
    {
        await WriteAsync($"{letters} disk is {{full}}", Names.Xget, Names.Log);
        Assert.Equal([$"{level} node7: disk is {{full}}"], _cluster.Log.Records);
        Assert.EndsWith($"{letters} node7: disk is {{full}}\n", await _node.ReadAsync(Names.Xget, Names.Log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bare_text_as_the_tool_of_2009_writes_it_is_for_information_and_has_the_clients_address()
    {
        await WriteAsync("Downloaded img\0", Names.Log);
        var client = (System.Net.IPEndPoint)_node.Client.Local;
        Assert.Equal([$"Information Client {client.Address}!{client.Port}: Downloaded img"], _cluster.Log.Records);
    }

    [Fact]
    public async Task Control_characters_do_not_reach_the_masters_terminal()
    {
        await WriteAsync("ERR a\u001b[2Jb\r\nWRN c\u0007", Names.Xget, Names.Log);
        Assert.Equal(["Error node7: a.[2Jb..WRN c."], _cluster.Log.Records);
        Assert.Single((await _node.ReadAsync(Names.Xget, Names.Log)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task A_nodes_name_is_as_harmless_as_its_records()
    {
        await using TreeClient node = await _cluster.AttachAsync("x\u001b[2J y");
        await (await node.OpenAsync(OpenFlags.O_WRONLY, Names.Xget, Names.Log)).WriteAsync("hello");
        Assert.Equal(["Information x.[2J.y: hello"], _cluster.Log.Records);
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_harmless()
    {
        TreeClient.OpenPath log = await _node.OpenAsync(OpenFlags.O_WRONLY, Names.Xget, Names.Log);
        foreach (byte[] bytes in new[] { Array.Empty<byte>(), [0], [0xff, 0xfe, 0x80], "ERR"u8.ToArray(), "ERR "u8.ToArray() })
            Assert.Equal(bytes.Length, (await _node.Client.WriteAsync(log.Fid, 0, bytes)).Value);
        Assert.Equal(5, _cluster.Log.Records.Count);
    }

    [Fact]
    public async Task A_long_record_is_cut()
    {
        await WriteAsync(new string('x', 100_000), Names.Xget, Names.Log);
        Assert.True(Assert.Single(_cluster.Log.Records).Length < 1100);
    }

    [Fact]
    public async Task Reading_the_papers_log_gives_the_debug_mask()
    {
        TreeClient.OpenPath log = await _node.OpenAsync(OpenFlags.O_RDWR, Names.Log);
        Assert.Equal("32", await log.ReadAsync(count: 32));
        Assert.Equal("", await log.ReadAsync(offset: 2, count: 30));
    }

    [Fact]
    public async Task What_a_node_logs_itself_shows_at_the_master_even_its_last_words()
    {
        var sink = new MasterLogSink();
        await using Logger log = new LoggerConfiguration().WriteTo.Sink(sink).CreateLogger();
        var options = new NodeOptions { Masters = [_cluster.MasterEndPoint], Name = "node8" };
        var node = new ClusterNode(options, _cluster.NewHost(), TimeProvider.System, new Random(1), log, sink);
        Assert.Null(await node.StartAsync(default));
        log.Warning("three of {Count}", 4);
        await Until.TrueAsync(() => _cluster.Log.Has("Warning node8: three of 4"));
        log.Error("last words");
        await node.DisposeAsync();
        Assert.True(_cluster.Log.Has("Error node8: last words"));
    }
}
