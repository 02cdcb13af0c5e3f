using Xget.Content;
using Xget.Content.Store;
using Xget.Node.Copying;
using static Xget.Node.Tests.FalseMaster;

namespace Xget.Node.Tests.Copying;

/// <summary>What a master may make up without a copy taking more than it may.</summary>
public sealed class PlanLimitTests : CopyTests
{
    private const long Megabyte = 1 << 20;

    private readonly FalseMaster _master = new();

    /// <summary>The error of a copy, which takes at most so much memory for it, of all that it ever had.</summary>
    private async Task<string> RefusedAsync(PlanLimits? limits = null, long mostMegabytes = 200)
    {
        await using ClusterNode node = await _master.StartNodeAsync();
        using Destination destination = Open();
        long before = GC.GetTotalAllocatedBytes();
        CopyException refused = await Assert.ThrowsAsync<CopyException>(() => Until.DoneAsync(
            NewJob(node, destination, limits).RunAsync(["."], CancellationToken.None)));
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, mostMegabytes * Megabyte);
        Assert.Empty(Directory.GetFileSystemEntries(Destination()));
        await _master.DisposeAsync();
        return refused.Message;
    }

    private static CopyJob NewJob(ClusterNode node, Destination destination, PlanLimits? limits = null) =>
        new(node, destination, TimeProvider.System, new Random(1), new RecordingLog().Logger,
            limits is null ? null : new CopyOptions { Limits = limits });

    [Fact]
    public async Task Five_directories_that_repeat_are_reckoned_before_they_are_planned()
    {
        DataReference below = _master.Add(Empty("file"));
        for (int i = 0; i < 5; i++)
            below = _master.Add(Enumerable.Range(0, 30).Select(n => Below($"{n}", below)));
        _master.Publish(below);
        Assert.Equal("the tree has more entries than a copy may have: 20000000", await RefusedAsync(mostMegabytes: 20));
    }

    [Fact]
    public async Task So_are_sixty_four_that_double_each_time()
    {
        DataReference below = _master.Add(Empty("file"));
        for (int i = 0; i < 64; i++)
            below = _master.Add(Below("a", below), Below("b", below));
        _master.Publish(below);
        Assert.Equal("the tree has more entries than a copy may have: 20000000", await RefusedAsync(mostMegabytes: 20));
    }

    [Fact]
    public async Task Large_attributes_that_repeat_are_reckoned_as_memory()
    {
        var large = new Xattr("user.x"u8.ToArray(), new byte[3000]);
        EntryAttributes file = Attributes(EntryType.Regular, 0x1A4) with { Xattrs = [large] };
        DataReference below = _master.Add(Entry("file", file));
        for (int i = 0; i < 3; i++)
            below = _master.Add(Enumerable.Range(0, 30).Select(n => Below($"{n}", below)));
        _master.Publish(below);
        Assert.Equal("the plan of this copy would take more memory than it may: 64 MiB",
            await RefusedAsync(new PlanLimits { Memory = 64 * Megabyte }, mostMegabytes: 20));
    }

    [Fact]
    public async Task Levels_are_counted()
    {
        DataReference below = _master.Add(Empty("file"));
        for (int i = 0; i < 100; i++)
            below = _master.Add(Below("d", below));
        _master.Publish(below);
        Assert.Equal(".: the directories are deeper than a copy may make them: 100 levels",
            await RefusedAsync(new PlanLimits { Depth = 100 }));
    }

    [Fact]
    public async Task A_tree_of_three_thousand_levels_of_the_longest_names_is_copied()
    {
        const int Levels = 3000;
        DataReference below = _master.Add(Empty("file"));
        for (int i = 0; i < Levels; i++)
            below = _master.Add(Below(new string('n', FileName.MaxLength), below));
        _master.Publish(below);
        await using ClusterNode node = await _master.StartNodeAsync();
        using Destination destination = Open();
        CopyResult result = await Until.DoneAsync(NewJob(node, destination).RunAsync(["."], CancellationToken.None));
        Assert.True(result.IsComplete);
        Assert.Equal(1, result.Files);
        await _master.DisposeAsync();
    }

    [Fact]
    public async Task Directories_of_a_gigabyte_of_zeros_are_refused_at_their_first_bytes()
    {
        DataReference zeros = _master.AddZeros(1 << 30);
        _master.Publish(_master.Add(Enumerable.Range(0, 30).Select(n => Below($"{n}", zeros with { Offset = (ulong)n, Length = zeros.Length - 30 }))));
        Assert.Contains("not valid", await RefusedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_root_of_two_to_the_63_bytes_is_refused()
    {
        DataReference root = _master.Add(Empty("file"));
        _master.Publish(root with { Length = 1ul << 63 });
        Assert.Equal(".: too large to be a directory", await RefusedAsync());
    }

    [Fact]
    public async Task A_generation_of_more_than_64_KiB_is_refused()
    {
        _master.Publish(new string('x', 1 << 20));
        Assert.Equal("the master's generation is longer than the 65536 bytes that are read of it", await RefusedAsync());
    }

    [Fact]
    public async Task A_link_identity_that_joins_different_entries_is_an_error_of_those()
    {
        EntryAttributes file = Attributes(EntryType.Regular, 0x1A4) with { LinkIdentity = 7, LinkCount = 3 };
        EntryAttributes link = Attributes(EntryType.Symlink) with { LinkIdentity = 7, LinkCount = 3, Size = 6, SymlinkTarget = "target"u8.ToArray() };
        _master.Publish(_master.Add(Entry("a", file), Entry("b", link), Entry("c", file)));
        await using ClusterNode node = await _master.StartNodeAsync();
        using Destination destination = Open();
        CopyResult result = await Until.DoneAsync(NewJob(node, destination).RunAsync(["."], CancellationToken.None));
        Assert.Equal(new CopyFailure("b", "the master says that it is the same file as a, which is another one"), OnlyFailure(result));
        Assert.Equal(["a", "c"], Directory.GetFileSystemEntries(Destination()).Select(Path.GetFileName).Order());
        await _master.DisposeAsync();
    }

    [Fact]
    public async Task What_the_master_left_out_is_told_and_not_written()
    {
        var attribute = new Xattr(LeftOut.XattrName.ToArray(), "closed: permission denied\nshadow: permission denied\nand 3 more\n"u8.ToArray());
        EntryAttributes self = Attributes(EntryType.Directory) with { Xattrs = [attribute] };
        DataReference sub = _master.Add(self, Empty("file"));
        _master.Publish(_master.Add(self, Below("sub", sub)));
        await using ClusterNode node = await _master.StartNodeAsync();
        using Destination destination = Open();
        CopyResult result = await Until.DoneAsync(NewJob(node, destination).RunAsync(["."], CancellationToken.None));
        Assert.False(result.IsComplete);
        Assert.Equal((0, 10, 1), (result.FailureCount, result.LeftOutCount, result.Files));
        Assert.Equal(["closed: permission denied", "shadow: permission denied", "sub/closed: permission denied", "sub/shadow: permission denied"],
            result.LeftOut);
        Assert.True(Mono.Unix.Native.Syscall.lgetxattr(Path.Combine(Destination(), "sub"), "user.xget.left_out", out _) < 0);
        await _master.DisposeAsync();
    }
}
