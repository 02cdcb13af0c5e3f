using Mono.Unix.Native;

namespace Xget.Content.Tests;

public sealed class TreeDifferenceTests : IDisposable
{
    private readonly SourceFolder _folder = new();

    public TreeDifferenceTests()
    {
        for (var i = 0; i < 20; i++)
            _folder.Write($"d{i % 4}/f{i:d2}", 1000, seed: i);
        _folder.Write("large", 500_000);
    }

    [Fact]
    public async Task Equal_trees_differ_in_nothing() =>
        Assert.Equal(0, (await Difference(() => { })).Count);

    [Fact]
    public async Task A_changed_file_is_one_change_whatever_pack_its_neighbours_are_in()
    {
        var difference = await Difference(() => _folder.Write("d1/f05", 1001, seed: 99));
        Assert.Equal((0L, 0L, 1L), (difference.Added, difference.Removed, difference.Changed));
        Assert.Equal(["changed d1/f05"], difference.First.AsEnumerable());
    }

    [Fact]
    public async Task What_is_in_a_directory_that_came_or_went_counts()
    {
        var difference = await Difference(() =>
        {
            Directory.Delete(_folder["d3"], recursive: true);
            for (var i = 0; i < 20; i++)
                _folder.Write($"new/{i:d2}", 5);
        });
        Assert.Equal((21L, 6L, 0L), (difference.Added, difference.Removed, difference.Changed));
        Assert.Equal(TreeDifference.MostNamed, difference.First.Length);
        Assert.Equal("removed d3", difference.First[0]);
    }

    [Fact]
    public async Task Another_type_is_another_entry_and_another_mode_a_change()
    {
        var difference = await Difference(() =>
        {
            File.Delete(_folder["large"]);
            _folder.Make("large");
            SourceFolder.Ok(Syscall.chmod(_folder["d0"], FilePermissions.S_IRWXU));
            SourceFolder.Ok(Syscall.chmod(_folder["d2/f02"], FilePermissions.S_IRWXU));
        });
        Assert.Equal(["changed d0", "changed d2/f02", "removed large", "added large"], difference.First.AsEnumerable());
    }

    public void Dispose() => _folder.Dispose();

    private async Task<TreeDifference> Difference(Action change)
    {
        using var before = await _folder.Publish();
        change();
        using var after = await _folder.Publish();
        return TreeDifference.Between(before.Tree, after.Tree);
    }
}
