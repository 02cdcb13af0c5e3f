using System.Globalization;
using Mono.Unix.Native;
using Xget.NineP;
using Xget.Testing;
using OpenPath = Xget.Node.Tests.TreeClient.OpenPath;

namespace Xget.Node.Tests.Exporting;

/// <summary>The paper's tree, byte by byte as the tool of 2009 has it: PROTOCOL.md section 2.</summary>
public sealed class PaperTreeTests : IAsyncLifetime, IDisposable
{
    private readonly Files _files = new();
    private readonly List<TreeClient> _clients = [];
    private TestCluster _cluster = null!;
    private byte[] _img = [];

    public async Task InitializeAsync()
    {
        _img = _files.Add("img", Files.Random(100_000));
        _files.Add("dir/empty", []);
        Assert.Equal(0, Syscall.mkfifo(_files["fifo"], FilePermissions.S_IRUSR));
        File.CreateSymbolicLink(_files["link"], "img");
        _cluster = await TestCluster.ServeAsync(_files.Root);
    }

    public async Task DisposeAsync()
    {
        foreach (TreeClient client in _clients)
            await client.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    public void Dispose() => _files.Dispose();

    private async Task<(TreeClient Client, string Address)> ClientAsync(int port = 49379)
    {
        MemoryTransport host = _cluster.NewWorkerHost(port);
        TreeClient client = await _cluster.AttachAsync("root", host: host, dialect: Dialect.NineP2000);
        _clients.Add(client);
        return (client, $"{host.Address}!{port}");
    }

    /// <summary>As a client of 2009: reads and closes <c>redir</c>, then keeps <c>avail</c> open.</summary>
    private async Task<(TreeClient Client, string Address, string Redir, OpenPath Avail)> WorkerAsync()
    {
        (TreeClient client, string address) = await ClientAsync();
        string redir = await client.ReadAsync("img", "redir");
        OpenPath avail = await client.OpenAsync(OpenFlags.O_WRONLY, "img", "avail");
        long workers = await _cluster.StatAsync("workers");
        await avail.WriteAsync($"49379 {redir}\0");
        await Until.TrueAsync(async () => await _cluster.StatAsync("workers") > workers); // the master has reached it
        return (client, address, redir, avail);
    }

    [Fact]
    public async Task A_regular_file_is_a_directory_of_four_files_and_a_directory_is_itself()
    {
        (TreeClient client, _) = await ClientAsync();
        Assert.Equal(["avail", "checksum", "data", "redir"], await client.ListAsync("img"));
        Assert.Equal(["empty"], await client.ListAsync("dir"));
    }

    [Fact]
    public async Task Links_fifos_and_the_like_are_not_shown_nor_what_is_not_the_papers()
    {
        (TreeClient client, _) = await ClientAsync();
        Assert.Equal(["dir", "img", "log"], await client.ListAsync());
        Assert.Equal(Errno.ENOENT, (await client.TryOpenAsync(OpenFlags.O_RDONLY, "link")).Error);
    }

    [Fact]
    public async Task Data_has_the_bytes_and_the_size_of_the_file()
    {
        (TreeClient client, _) = await ClientAsync();
        Assert.Equal(_img, await client.ReadBytesAsync("img", "data"));
        Assert.Empty(await client.ReadBytesAsync("dir", "empty", "data"));
        uint fid = client.Client.NewFid();
        await client.Client.WalkAsync(0, fid, "img", "data");
        Assert.Equal(100_000UL, (await client.Client.GetAttributesAsync(fid)).Value.Attributes.Size);
    }

    [Fact]
    public async Task The_checksum_is_Adler_32_in_decimal_without_a_newline()
    {
        (uint a, uint b) = (1, 0);
        foreach (byte x in _img)
            (a, b) = ((a + x) % 65521, (b + (a + x) % 65521) % 65521); // RFC 1950 section 8.2
        (TreeClient client, _) = await ClientAsync();
        Assert.Equal(((b << 16) | a).ToString(CultureInfo.InvariantCulture), await client.ReadAsync("img", "checksum"));
        Assert.Equal("1", await client.ReadAsync("dir", "empty", "checksum"));
    }

    [Fact]
    public async Task The_first_client_gets_me_and_the_next_its_address_without_a_newline()
    {
        var first = await WorkerAsync();
        var second = await WorkerAsync();
        Assert.Equal("me", first.Redir);
        Assert.Equal(first.Address, second.Redir);
    }

    [Fact]
    public async Task Each_read_of_redir_from_offset_0_is_a_new_decision_and_other_offsets_are_the_end()
    {
        await WorkerAsync();
        await WorkerAsync();
        (TreeClient client, _) = await ClientAsync();
        OpenPath redir = await client.OpenAsync(OpenFlags.O_RDONLY, "img", "redir");
        long decisions = await _cluster.StatAsync("route-decisions");
        Assert.Contains('!', await redir.ReadAsync());
        Assert.Contains('!', await redir.ReadAsync());
        Assert.Equal(decisions + 2, await _cluster.StatAsync("route-decisions"));
        Assert.Equal("", await redir.ReadAsync(offset: 2));
        Assert.Equal("", await redir.ReadAsync(offset: 128));
        Assert.Equal(decisions + 2, await _cluster.StatAsync("route-decisions"));
    }

    [Fact]
    public async Task A_short_read_of_redir_gives_its_first_bytes()
    {
        (TreeClient client, _) = await ClientAsync();
        Assert.Equal("m", await (await client.OpenAsync(OpenFlags.O_RDONLY, "img", "redir")).ReadAsync(count: 1));
    }

    [Fact]
    public async Task Avail_is_taken_with_and_without_the_final_NUL()
    {
        (TreeClient client, string address) = await ClientAsync();
        await (await client.OpenAsync(OpenFlags.O_WRONLY, "img", "avail")).WriteAsync("49379 me");
        (TreeClient second, _) = await ClientAsync(49380);
        await second.ReadAsync("img", "redir");
        await (await second.OpenAsync(OpenFlags.O_WRONLY, "img", "avail")).WriteAsync("49380 me\0");
        await Until.TrueAsync(async () => await _cluster.StatAsync("workers") == 2);
        Assert.NotNull(address);
    }

    [Fact]
    public async Task Avail_that_names_an_unknown_parent_is_answered_with_0_and_makes_no_worker()
    {
        (TreeClient client, _) = await ClientAsync();
        OpenPath avail = await client.OpenAsync(OpenFlags.O_WRONLY, "img", "avail");
        Reply<int> written = await avail.TryWriteAsync("49379 10.9.9.9!1\0");
        Assert.Equal((0, 0), ((int)written.Error, written.Value));
        Assert.Equal(0, await _cluster.StatAsync("workers"));
        Assert.Equal("me", (await WorkerAsync()).Redir);
    }

    [Theory]
    [InlineData("")]
    [InlineData("49379")]
    [InlineData("x me\0")]
    [InlineData("0 me\0")]
    [InlineData("65536 me\0")]
    [InlineData("-1 me\0")]
    [InlineData("49379 me too\0")]
    public async Task A_malformed_avail_is_invalid(string text)
    {
        (TreeClient client, _) = await ClientAsync();
        OpenPath avail = await client.OpenAsync(OpenFlags.O_WRONLY, "img", "avail");
        Reply<int> written = await avail.TryWriteAsync(text);
        Assert.False(written.Ok);
        Assert.Equal(0, await _cluster.StatAsync("workers"));
    }

    [Fact]
    public async Task Avail_past_its_start_is_answered_with_0()
    {
        (TreeClient client, _) = await ClientAsync();
        OpenPath avail = await client.OpenAsync(OpenFlags.O_WRONLY, "img", "avail");
        Assert.Equal(0, (await avail.TryWriteAsync("49379 me\0", offset: 5)).Value);
        Assert.Equal(0, await _cluster.StatAsync("workers"));
    }

    [Fact]
    public async Task Avail_cannot_be_read()
    {
        (TreeClient client, _) = await ClientAsync();
        Assert.NotEqual((Errno)0, await (await client.OpenAsync(OpenFlags.O_RDWR, "img", "avail")).ReadErrorAsync());
    }

    [Fact]
    public async Task Closing_avail_takes_the_worker_and_its_route_away()
    {
        var first = await WorkerAsync();
        await first.Avail.CloseAsync();
        Assert.Equal(0, await _cluster.StatAsync("routes-held"));
        Assert.Equal("me", (await WorkerAsync()).Redir);
    }

    [Fact]
    public async Task A_lost_connection_takes_the_worker_away()
    {
        var first = await WorkerAsync();
        await first.Client.DisposeAsync();
        await Until.TrueAsync(async () => await _cluster.StatAsync("workers") == 0);
        Assert.Equal("me", (await WorkerAsync()).Redir);
    }

    [Fact]
    public async Task A_node_that_serves_contents_by_digest_is_nobodys_parent_here()
    {
        await using RunningNode node = await _cluster.StartNodeAsync("node1");
        Assert.Null(await Until.DoneAsync(node.Fetch(_cluster["img"]).Finished));
        Assert.Equal("me", (await WorkerAsync()).Redir);
    }
}
