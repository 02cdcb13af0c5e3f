using System.Globalization;
using Xget.Interop.Tests.Original;
using Xget.Lab;

namespace Xget.Interop.Tests;

/// <summary>The files of the server of 2009, byte by byte: what a client of 2009 relies on, one test a rule.</summary>
public sealed class OriginalServerTableTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly Dictionary<int, System.Net.Sockets.TcpListener> _ports = [];
    private readonly Scratch _scratch = new();
    private readonly List<Mount> _mounts = []; // their fids, and so the workers, live as long as they do
    private MasterProcess _master = null!;

    public async Task InitializeAsync()
    {
        if (File.Exists(XgetProgram.Path))
        {
            _scratch.RandomFile("tree/img", 100_000);
            _scratch.RandomFile("tree/other", 10);
            _scratch.RandomFile("tree/dir/data", 1000);
            _master = await MasterProcess.StartAsync(_scratch["master"], _scratch["tree"]);
        }
    }

    public Task DisposeAsync()
    {
        _mounts.ForEach(m => m.Dispose());
        foreach (System.Net.Sockets.TcpListener port in _ports.Values)
            port.Dispose();
        _master?.Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _scratch.Dispose();

    [SkippableFact]
    public async Task Any_name_of_a_user_attaches_and_Tauth_is_refused_with_words()
    {
        Mount mount = await MountAsync();
        Fields auth = new Fields().U32(9).Text("root").Text("");
        RefusedException refused = await Assert.ThrowsAsync<RefusedException>(
            () => mount.CallAsync(Kind.Tauth, mount.IsUnix ? auth.U32(0) : auth));
        Assert.NotEmpty(refused.Message);

        Fields attach = new Fields().U32(50).U32(0xffffffff).Text("nobody-of-this-name").Text("");
        await mount.CallAsync(Kind.Tattach, mount.IsUnix ? attach.U32(0xffffffff) : attach);
    }

    [SkippableFact]
    public async Task Msize_is_at_most_what_was_offered()
    {
        Mount mount = await MountAsync();
        Taker version = await mount.CallAsync(Kind.Tversion, new Fields().U32(8192).Text("9P2000"), tag: 0xffff);
        Assert.InRange(version.U32(), 4096u, 8192u);
        Assert.Equal("9P2000", version.Text());
    }

    [SkippableTheory]
    [InlineData("9P2001")]
    [InlineData("8P")]
    [InlineData("")]
    public async Task An_unknown_version_is_answered_unknown_and_not_by_a_crash(string version)
    {
        Mount mount = await MountAsync();
        Taker reply = await mount.CallAsync(Kind.Tversion, new Fields().U32(8192).Text(version), tag: 0xffff);
        reply.U32();
        Assert.Equal("unknown", reply.Text());
        Assert.False(_master.Process.HasExited);
    }

    [SkippableFact]
    public async Task Redir_is_me_without_newline_and_ends_at_any_other_offset()
    {
        Mount mount = await MountAsync();
        uint fid = await mount.OpenAsync(0, "img", "redir");
        Assert.Equal("me"u8.ToArray(), (await mount.ReadAsync(fid, 0, 128)).ToArray());
        Assert.True((await mount.ReadAsync(fid, 1, 128)).IsEmpty);
        Assert.True((await mount.ReadAsync(fid, 2, 126)).IsEmpty);
        Assert.True((await mount.ReadAsync(fid, 77, 1)).IsEmpty);
    }

    [SkippableFact]
    public async Task Every_read_of_redir_at_its_beginning_is_a_new_decision()
    {
        Mount mount = await MountAsync();
        uint fid = await mount.OpenAsync(0, "img", "redir");
        Assert.Equal("me"u8.ToArray(), (await mount.ReadAsync(fid, 0, 128)).ToArray());

        await AnnounceAsync(14001);

        Assert.Equal("127.0.0.1!14001"u8.ToArray(), (await mount.ReadAsync(fid, 0, 128)).ToArray());
    }

    [SkippableFact]
    public async Task Of_workers_that_serve_nobody_each_is_named_in_its_turn()
    {
        // All three have been told "me" before one of them announced itself.
        List<Mount> mounts = [await MountAsync(), await MountAsync(), await MountAsync()];
        foreach (Mount mount in mounts)
        {
            Assert.Equal("me", await mount.ReadSmallAsync("img", "redir"));
        }

        for (int i = 0; i < mounts.Count; i++)
        {
            await WriteAvailAsync(mounts[i], $"{14001 + i} me\0");
        }

        Mount reader = await MountAsync();
        var answers = new List<string>();
        for (int i = 0; i < 12; i++)
        {
            answers.Add(await reader.ReadSmallAsync("img", "redir"));
        }

        Assert.Equal([4, 4, 4], new[] { 14001, 14002, 14003 }.Select(p => answers.Count(a => a == $"127.0.0.1!{p}")));
    }

    [SkippableTheory]
    [InlineData("14001 me\0")]
    [InlineData("14001 me")]
    public async Task Avail_takes_a_message_with_and_without_the_final_NUL(string text)
    {
        Mount mount = await MountAsync();
        Assert.Equal("me", await mount.ReadSmallAsync("img", "redir"));
        Assert.Equal((uint)text.Length, await WriteAvailAsync(mount, text));
        Assert.Equal(["127.0.0.1!14001"], await NamedAsync(3));
    }

    [SkippableTheory]
    [InlineData("14001\0")]
    [InlineData("fish me\0")]
    [InlineData("0 me\0")]
    [InlineData("70000 me\0")]
    [InlineData("-1 me\0")]
    [InlineData("\0")]
    [InlineData("14001 127.0.0.1!13999\0")]
    [InlineData("14001 nonsense\0")]
    public async Task What_avail_cannot_use_makes_no_worker_and_hurts_nobody(string text)
    {
        try
        {
            await WriteAvailAsync(await MountAsync(), text);
        }
        catch (RefusedException)
        {
            // An original client never writes these; refusing them or taking no bytes are both right.
        }

        Assert.Equal(["me"], await NamedAsync(3));
    }

    [SkippableFact]
    public async Task A_parent_that_is_not_known_gets_a_reply_and_no_error()
    {
        // The tool of 2009 names a worker that it could not reach as its parent, and skips the file on an error.
        string text = "14001 127.0.0.1!13999\0";
        Assert.Contains(await WriteAvailAsync(await MountAsync(), text), new[] { 0u, (uint)text.Length });
    }

    [SkippableFact]
    public async Task A_worker_at_level_four_is_never_a_parent()
    {
        Assert.Equal("me", await AnnounceAsync(14001));
        Assert.Equal("127.0.0.1!14001", await AnnounceAsync(14002));
        Assert.Equal("127.0.0.1!14002", await AnnounceAsync(14003));
        Assert.Equal("127.0.0.1!14003", await AnnounceAsync(14004));
        Assert.DoesNotContain("127.0.0.1!14004", await NamedAsync(20));
    }

    [SkippableFact]
    public async Task Announcing_the_same_port_twice_is_answered_and_is_one_worker()
    {
        await AnnounceAsync(14001);
        await AnnounceAsync(14001);
        Assert.Equal(["127.0.0.1!14001"], await NamedAsync(5));
    }

    [SkippableFact]
    public async Task Writing_avail_behind_its_beginning_takes_nothing()
    {
        Mount mount = await MountAsync();
        uint fid = await mount.OpenAsync(1, "img", "avail");
        Assert.Equal(0u, await mount.WriteAsync(fid, 5, "14001 me\0"));
        Assert.Equal(["me"], await NamedAsync(3));
    }

    [SkippableFact]
    public async Task Avail_cannot_be_read()
    {
        Mount mount = await MountAsync();
        uint fid = await mount.OpenAsync(1, "img", "avail");
        await Assert.ThrowsAsync<RefusedException>(() => mount.ReadAsync(fid, 0, 128));
    }

    [SkippableFact]
    public async Task The_checksum_is_right_before_anybody_has_read_the_file()
    {
        Mount mount = await MountAsync();
        string expected = Adler.Of(File.ReadAllBytes(_scratch["tree/img"])).ToString(CultureInfo.InvariantCulture);
        Assert.Equal(expected, await mount.ReadSmallAsync("img", "checksum"));
    }

    [SkippableFact]
    public async Task Data_ends_at_its_length()
    {
        Mount mount = await MountAsync();
        uint fid = await mount.OpenAsync(0, "img", "data");
        Assert.Equal(1696, (await mount.ReadAsync(fid, 98304, 32768)).Length);
        Assert.True((await mount.ReadAsync(fid, 100_000, 32768)).IsEmpty);
        Assert.True((await mount.ReadAsync(fid, ulong.MaxValue - 5, 32768)).IsEmpty);
    }

    [SkippableFact]
    public async Task A_record_written_to_log_appears_at_the_master_with_the_client_s_address()
    {
        Mount mount = await MountAsync();
        uint log = await mount.OpenAsync(2, "log");
        string text = "hello from 2009";
        Assert.Equal((uint)text.Length, await mount.WriteAsync(log, 0, text));
        string line = await _master.Process.LineAsync(l => l.Contains(text, StringComparison.Ordinal), Patience);
        Assert.Contains("127.0.0.1", line, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_walk_fails_at_its_first_name_and_is_short_at_a_later_one()
    {
        Mount mount = await MountAsync();
        await Assert.ThrowsAsync<RefusedException>(() => mount.WalkAsync("missing"));
        Assert.Null(await mount.WalkAsync("img", "missing"));
        Assert.NotNull(await mount.WalkAsync("dir", "..", "img", "data"));
        Assert.NotNull(await mount.WalkAsync("..", "..", "img"));
        Assert.NotNull(await mount.WalkAsync());
    }

    [SkippableFact]
    public async Task Nothing_can_be_created_written_or_removed()
    {
        Mount mount = await MountAsync();
        uint root = (await mount.WalkAsync())!.Value;
        await Assert.ThrowsAsync<RefusedException>(() => mount.CallAsync(
            Kind.Tcreate, mount.IsUnix
                ? new Fields().U32(root).Text("new").U32(0x1a4).U8(1).Text("")
                : new Fields().U32(root).Text("new").U32(0x1a4).U8(1)));
        await Assert.ThrowsAsync<RefusedException>(() => mount.OpenAsync(1, "img", "data"));
        uint data = (await mount.WalkAsync("img", "data"))!.Value;
        await Assert.ThrowsAsync<RefusedException>(() => mount.CallAsync(Kind.Tremove, new Fields().U32(data)));
        Assert.Equal(100_000, new FileInfo(_scratch["tree/img"]).Length);
    }

    [SkippableFact]
    public async Task A_flush_of_a_tag_that_is_not_in_use_is_answered()
    {
        Mount mount = await MountAsync();
        await mount.CallAsync(Kind.Tflush, new Fields().U16(17));
    }

    [SkippableFact]
    public async Task An_unknown_kind_of_message_closes_the_connection()
    {
        Mount mount = await MountAsync();
        Assert.Null(await mount.RawAsync(new Fields().U32(7).U8(199).U16(0).ToArray()));
        Assert.Equal("me", await (await MountAsync()).ReadSmallAsync("img", "redir"));
    }

    [SkippableFact]
    public async Task Thousands_of_fids_that_nobody_clunks_are_kept()
    {
        Mount mount = await MountAsync();
        for (int i = 0; i < 5000; i++)
        {
            uint fid = (await mount.WalkAsync("img", "data"))!.Value;
            Assert.Equal(100_000u, (await mount.StatAsync(fid)).Length);
        }
    }

    [SkippableFact]
    public async Task A_real_file_named_data_is_a_file_of_its_directory()
    {
        Mount mount = await MountAsync();
        uint fid = await mount.OpenAsync(0, "dir", "data", "data");
        Assert.Equal(File.ReadAllBytes(_scratch["tree/dir/data"]), (await mount.ReadAsync(fid, 0, 32768)).ToArray());
    }

    private async Task<Mount> MountAsync()
    {
        Prerequisite.Xget();
        Mount mount = await Mount.ConnectAsync(_master.Host, _master.Port);
        _mounts.Add(mount);
        return mount;
    }

    // As a client does it: asks for its route, and names that as its parent; what the route was. The connection and the
    // fid stay: a worker lives as long as they do.
    private async Task<string> AnnounceAsync(int port)
    {
        Mount mount = await MountAsync();
        string route = await mount.ReadSmallAsync("img", "redir");
        string text = $"{port} {route}\0";
        Assert.Equal((uint)text.Length, await WriteAvailAsync(mount, text));
        return route;
    }

    /// <summary>Announces; the master connects to a port that is announced for the first time.</summary>
    private async Task<uint> WriteAvailAsync(Mount mount, string text)
    {
        System.Net.Sockets.TcpListener? port = Listen(text.Split(' ')[0]);
        uint count = await mount.WriteAsync(await mount.OpenAsync(1, "img", "avail"), 0, text);
        if (port is not null && count > 0)
        {
            using System.Net.Sockets.TcpClient probe = await port.AcceptTcpClientAsync().WaitAsync(TimeSpan.FromSeconds(10));
            _ = await probe.GetStream().ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: false); // until the master closes it
        }
        return count;
    }

    private System.Net.Sockets.TcpListener? Listen(string word)
    {
        if (!ushort.TryParse(word, out ushort port) || port == 0 || _ports.ContainsKey(port))
            return null;
        var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, port);
        listener.Start();
        _ports.Add(port, listener);
        return listener;
    }


    // Who is named when somebody asks so many times, each once.
    private async Task<string[]> NamedAsync(int times)
    {
        Mount mount = await MountAsync();
        var named = new SortedSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < times; i++)
        {
            named.Add(await mount.ReadSmallAsync("img", "redir"));
        }

        return [.. named];
    }
}
