using System.Text;
using Mono.Unix.Native;
using Xget.NineP;

namespace Xget.Node.Tests.Exporting;

/// <summary>Real files whose names are those of control files, in both trees; and the tree of aname <c>plain</c>.</summary>
public sealed class PlainTreeTests : IAsyncLifetime, IDisposable
{
    private readonly Files _files = new();
    private TestCluster _cluster = null!;

    public async Task InitializeAsync()
    {
        _files.Add("log", "a real log"u8.ToArray());
        _files.Add(".xget/real", "a real file"u8.ToArray());
        _files.Add("dir/data", "real data"u8.ToArray());
        _files.Add("dir/redir", "real redir"u8.ToArray());
        File.CreateSymbolicLink(_files["link"], "dir/data");
        _cluster = await TestCluster.ServeAsync(_files.Root);
    }

    public Task DisposeAsync() => _cluster.DisposeAsync().AsTask();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task The_plain_tree_shows_every_file_under_its_real_name()
    {
        await using TreeClient plain = await _cluster.AttachAsync("user", "plain");
        Assert.Equal([".xget", "dir", "link", "log"], await plain.ListAsync());
        Assert.Equal("a real log", await plain.ReadAsync("log"));
        Assert.Equal("a real file", await plain.ReadAsync(".xget", "real"));
        Assert.Equal(["data", "redir"], await plain.ListAsync("dir"));
        Assert.Equal("real data", await plain.ReadAsync("dir", "data"));
    }

    [Fact]
    public async Task The_plain_tree_shows_modes_times_links_and_cannot_be_written()
    {
        await using TreeClient plain = await _cluster.AttachAsync("user", "plain");
        uint fid = plain.Client.NewFid();
        await plain.Client.WalkAsync(0, fid, "link");
        Assert.Equal("dir/data", Encoding.UTF8.GetString((await plain.Client.ReadLinkAsync(fid)).Value));
        uint file = plain.Client.NewFid();
        await plain.Client.WalkAsync(0, file, "log");
        Attributes attributes = (await plain.Client.GetAttributesAsync(file)).Value.Attributes;
        Assert.Equal(0, Syscall.lstat(_files["log"], out Stat stat));
        Assert.Equal(((uint)stat.st_mode, (ulong)stat.st_size, stat.st_uid), (attributes.Mode, attributes.Size, attributes.Uid));
        Assert.Equal((stat.st_mtime, stat.st_mtime_nsec), (attributes.Mtime.Seconds, (long)attributes.Mtime.Nanoseconds));
        Assert.Equal(Errno.EROFS, (await plain.TryOpenAsync(OpenFlags.O_RDWR, "log")).Error);
        Assert.Equal(Errno.ENOENT, (await plain.TryOpenAsync(OpenFlags.O_RDONLY, "nothing")).Error);
    }

    [Fact]
    public async Task In_the_papers_tree_control_names_hide_real_ones_at_the_root_only()
    {
        await using TreeClient paper = await _cluster.AttachAsync("user");
        Assert.Equal(["dir", "log"], await paper.ListAsync());
        Assert.Equal(["generation", "log", "next", "objects", "publish", "stats", "tree"], await paper.ListAsync(".xget"));
        Assert.Equal("32", await paper.ReadAsync("log"));
        Assert.Equal(["data", "redir"], await paper.ListAsync("dir"));
        Assert.Equal("real data", await paper.ReadAsync("dir", "data", "data"));
        Assert.Equal("real redir", await paper.ReadAsync("dir", "redir", "data"));
    }
}
