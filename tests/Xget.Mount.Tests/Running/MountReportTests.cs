using Xget.Fuse;
using Xget.Node.Tests;

namespace Xget.Mount.Tests.Running;

/// <summary>What a mount tells of itself.</summary>
public sealed class MountReportTests : IDisposable
{
    private readonly Files _source = new();

    public MountReportTests()
    {
        _source.Add("large", Files.Random(40 * (64 << 10)));
        _source.Add("dir/empty", []);
    }

    public void Dispose() => _source.Dispose();

    private static MountReport ReportOf(MountedTree tree) =>
        new(tree.Node.Node, tree.Cache, tree.Root, tree.Files.Inodes, () => tree.Files.OpenFiles);

    private static async Task<string?> TextAsync(MountedTree tree, string path, string attribute)
    {
        ulong id = path.Length == 0 ? 1 : (await tree.Kernel.WalkAsync(path)).NodeId;
        byte[]? value = ReportOf(tree).AttributesOf(tree.Files.Inodes.Find(id)!).Find(System.Text.Encoding.ASCII.GetBytes(attribute));
        return value is null ? null : System.Text.Encoding.ASCII.GetString(value);
    }

    [Fact]
    public async Task A_file_is_absent_then_partial_then_cached()
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source, passthrough: false);
        Assert.Equal("absent", await TextAsync(tree, "large", "user.xget.state"));
        Kernel.Opened file = await tree.Kernel.OpenAsync((await tree.Kernel.WalkAsync("large")).NodeId);
        await tree.Kernel.ReadAsync(file, 0, 10 * (64 << 10));
        Assert.Matches("^partial [1-9][0-9]? %$", await TextAsync(tree, "large", "user.xget.state"));
        await tree.Kernel.ReadAllAsync("large");
        Assert.Equal("cached", await TextAsync(tree, "large", "user.xget.state"));
        Assert.Equal("cached", await TextAsync(tree, "dir/empty", "user.xget.state"));
    }

    [Fact]
    public async Task A_file_tells_its_digest_and_who_it_came_from()
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source, passthrough: false);
        await tree.Kernel.ReadAllAsync("large");
        Assert.Matches("^[0-9a-f]{64}$", await TextAsync(tree, "large", "user.xget.digest"));
        Assert.Equal("me", await TextAsync(tree, "large", "user.xget.source"));
        Assert.Null(await TextAsync(tree, "dir", "user.xget.digest"));
        Assert.Null(await TextAsync(tree, "large", "user.xget.stats"));
    }

    [Fact]
    public async Task The_root_tells_the_generation_and_figures()
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source, passthrough: false);
        await tree.Kernel.ReadAllAsync("large");
        Assert.Equal(tree.Root.Generation.Root.ToString(), await TextAsync(tree, "", "user.xget.generation"));
        string stats = (await TextAsync(tree, "", "user.xget.stats"))!;
        Assert.All(stats.TrimEnd('\n').Split('\n'), line => Assert.Matches("^[a-z-]+ [0-9]+$", line));
        Assert.Contains("\nopen-files 0\n", stats, StringComparison.Ordinal);
        Assert.Contains("\ninodes 2\n", stats, StringComparison.Ordinal);
        Assert.Contains("\nbytes-from-workers 0\n", stats, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_tree_is_full_and_as_large_as_its_files()
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source);
        FuseStatFs sizes = ReportOf(tree).Sizes();
        Assert.Equal((tree.Root.Generation.Bytes + 4095) / 4096, sizes.Blocks);
        Assert.Equal((ulong)tree.Root.Generation.Files, sizes.Files);
        Assert.Equal(0UL, sizes.Free);
    }

    [Fact]
    public async Task Only_who_shows_attributes_to_people_sees_them_in_a_list()
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source);
        MagicXattrs attributes = ReportOf(tree).AttributesOf(tree.Files.Inodes.Root);
        using var names = new MemoryStream();
        attributes.AppendNames(names, (uint)Environment.ProcessId);
        Assert.Equal(0, names.Length);
    }
}
