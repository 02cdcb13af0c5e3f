using Xget.Content;
using Xget.Mount.Tests.Running;
using Xget.Node.Tests;
using Xget.Node.Wire;

namespace Xget.Mount.Tests;

/// <summary>Which directory of the master's tree is mounted.</summary>
public sealed class MountedRootTests : IDisposable
{
    private readonly Files _source = new();

    public MountedRootTests()
    {
        _source.Add("a/b/file", [1, 2, 3]);
        _source.Add("a/other", [4]);
    }

    public void Dispose() => _source.Dispose();

    private async Task<(DirectoryEntry? Top, MountFailure? Failure)> FindAsync(string path)
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source);
        (GenerationText? generation, _) = await tree.Node.Node.GenerationAsync(CancellationToken.None);
        return await Until.DoneAsync(new MountedRoot(tree.Contents, path).FindAsync(generation!, CancellationToken.None));
    }

    [Theory]
    [InlineData("/a/b")]
    [InlineData("a/b")]
    [InlineData("//a//b/")]
    public async Task A_directory_below_the_root_is_mounted_by_its_path(string path)
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source, path);
        (List<Kernel.Listed> entries, _) = await tree.Kernel.ListAsync(1, plus: false);
        Assert.Equal([".", "..", "file"], entries.Select(e => e.Name));
        Assert.Equal([1, 2, 3], await tree.Kernel.ReadAllAsync("file"));
    }

    [Theory]
    [InlineData("/missing")]
    [InlineData("/a/missing/b")]
    public async Task A_directory_that_is_missing_is_named(string path)
    {
        (DirectoryEntry? top, MountFailure? failure) = await FindAsync(path);
        Assert.Null(top);
        Assert.Equal(new MountFailure($"{path}: no such directory on the master"), failure);
    }

    [Theory]
    [InlineData("/a/other")]
    [InlineData("/a/b/file/x")]
    public async Task What_is_no_directory_is_refused(string path)
    {
        (DirectoryEntry? top, MountFailure? failure) = await FindAsync(path);
        Assert.Null(top);
        Assert.Equal(new MountFailure($"{path}: not a directory on the master"), failure);
    }
}
