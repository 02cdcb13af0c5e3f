using Xget.Lab;
using Xget.Node.Copying;

namespace Xget.Node.Tests.Copying;

/// <summary>An entry that cannot be written costs only itself.</summary>
public sealed class FailingEntryTests : CopyTests
{
    private readonly List<string> _mounts = [];

    private void Mount(params string[] arguments)
    {
        Prerequisite.Root();
        Command.Run("mount", arguments);
        _mounts.Add(arguments[^1]);
    }

    private string InCopy(string path) => Path.Combine(Destination(), path);

    /// <summary>A source with files of all sizes; each copy beside the one that fails is compared with it.</summary>
    private void MakeSource()
    {
        Source.Add("a/first", Files.Random(300_000, 1));
        Source.Add("a/small", [1, 2, 3]);
        Source.Add("b/second", Files.Random(2_000_000, 2));
        Source.Add("c", [4]);
        Source.Add("empty", []);
    }

    private void ExpectCopied(params string[] paths)
    {
        foreach (string path in paths)
            Assert.Equal(File.ReadAllBytes(Source[path]), File.ReadAllBytes(InCopy(path)));
    }

    [SkippableTheory]
    [InlineData("a/first")]
    [InlineData("a/small")]
    [InlineData("b/second")]
    [InlineData("empty")]
    public async Task A_file_over_which_something_is_mounted_is_named_and_the_others_are_copied(string path)
    {
        MakeSource();
        string elsewhere = Path.Combine(Directory.CreateDirectory(Destination("elsewhere")).FullName, "file");
        File.WriteAllText(elsewhere, "mounted");
        Directory.CreateDirectory(Path.GetDirectoryName(InCopy(path))!);
        File.WriteAllText(InCopy(path), "");
        Mount("--bind", elsewhere, InCopy(path));
        await using TestCluster cluster = await ServeAsync();
        (CopyResult result, _) = await CopyAsync(cluster);
        Assert.Equal(new CopyFailure(path, "cannot be replaced: something is mounted there"), OnlyFailure(result));
        Assert.Equal(4, result.Files);
        ExpectCopied([.. new[] { "a/first", "a/small", "b/second", "c", "empty" }.Where(p => p != path)]);
        Assert.Equal("mounted", File.ReadAllText(elsewhere));
        Assert.False(Directory.Exists(InCopy(".xget-partial")));
    }

    [SkippableFact]
    public async Task A_directory_that_cannot_be_made_takes_along_what_is_in_it_and_is_named_once()
    {
        MakeSource();
        Directory.CreateDirectory(Destination());
        File.WriteAllText(InCopy("a"), "");
        Mount("--bind", InCopy("a"), InCopy("a"));
        await using TestCluster cluster = await ServeAsync();
        (CopyResult result, _) = await CopyAsync(cluster);
        Assert.Equal("a", OnlyFailure(result).Path);
        Assert.Equal(3, result.Files);
        ExpectCopied("b/second", "c", "empty");
    }

    [Fact]
    public async Task Of_many_that_fail_twenty_are_named_and_all_are_counted()
    {
        for (int i = 0; i < 30; i++)
        {
            Source.Add($"f{i}", [(byte)i]);
            Directory.CreateDirectory(InCopy($"f{i}/entry"));
        }
        MakeSource();
        await using TestCluster cluster = await ServeAsync();
        (CopyResult result, _) = await CopyAsync(cluster);
        Assert.Equal((30, 20, 5), (result.FailureCount, result.Failures.Distinct().Count(), result.Files));
    }

    [SkippableFact]
    public async Task A_hard_link_into_another_file_system_becomes_a_copy_and_stays_one()
    {
        MakeSource();
        Source.Add("boot/kernel", Files.Random(400_000, 4));
        Command.Run("sh", "-c", "cd \"$1\" && ln boot/kernel boot/kernel2 && ln boot/kernel a/kernel && ln boot/kernel a/kernel2 && ln c boot/c && ln -s x boot/link && ln boot/link a/link && ln empty boot/empty", "sh", Source.Root);
        Directory.CreateDirectory(InCopy("boot"));
        Mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", InCopy("boot"));
        await using TestCluster cluster = await ServeAsync();
        string before = "";
        for (int run = 0; run < 2; run++)
        {
            (CopyResult result, _) = await CopyAsync(cluster);
            Assert.True(result.IsComplete, string.Join("; ", result.Failures));
            Assert.Equal(11, result.Files);
            Assert.Equal("", Command.Run("diff", "-r", "--no-dereference", Source.Root, Destination()));
            string now = Command.Run("stat", "-c", "%n %i %h %Y %a", InCopy("boot/kernel"), InCopy("boot/kernel2"), InCopy("a/kernel"), InCopy("a/kernel2"));
            Assert.Equal([2, 2, 2, 2], now.Trim().Split('\n').Select(l => int.Parse(l.Split(' ')[2], null)));
            if (run == 1)
                Assert.Equal(before, now);
            before = now;
        }
        Assert.Empty(Directory.GetFileSystemEntries(Destination(), "*xget*", SearchOption.AllDirectories));
    }

    [SkippableFact]
    public async Task Where_the_first_name_of_a_file_cannot_be_written_it_comes_under_another()
    {
        Source.Add("one", Files.Random(300_000));
        Command.Run("ln", Source["one"], Source["two"]);
        Command.Run("ln", Source["one"], Source["three"]);
        Directory.CreateDirectory(InCopy("one/in-the-way"));
        await using TestCluster cluster = await ServeAsync();
        (CopyResult result, _) = await CopyAsync(cluster);
        Assert.Equal("one", OnlyFailure(result).Path);
        Assert.Equal(2, result.Files);
        ExpectCopied("two", "three");
        Assert.Equal("2", Command.Run("stat", "-c", "%h", InCopy("two")).Trim());
    }

    [SkippableFact]
    public async Task A_full_destination_ends_the_copy_at_once()
    {
        for (int i = 0; i < 200; i++)
            Source.Add($"many/f{i}", Files.Random(20_000, i));
        Directory.CreateDirectory(Destination());
        Mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", Destination());
        await using TestCluster cluster = await ServeAsync();
        Assert.Contains("no space left on device", await FailAsync(cluster), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_full_file_system_below_the_destination_costs_only_what_goes_there()
    {
        MakeSource();
        Source.Add("boot/kernel", Files.Random(2_000_000, 4));
        Directory.CreateDirectory(InCopy("boot"));
        Mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", InCopy("boot"));
        await using TestCluster cluster = await ServeAsync();
        (CopyResult result, _) = await CopyAsync(cluster);
        Assert.Equal(new CopyFailure("boot/kernel", "cannot write: no space left on device"), OnlyFailure(result));
        ExpectCopied("a/first", "a/small", "b/second", "c", "empty");
        Assert.Empty(Directory.GetFileSystemEntries(InCopy("boot")));
    }

    [SkippableFact]
    public async Task A_file_system_that_cannot_be_written_is_told_once()
    {
        MakeSource();
        Directory.CreateDirectory(Destination());
        Mount("-t", "tmpfs", "-o", "ro", "tmpfs", Destination());
        await using TestCluster cluster = await ServeAsync();
        Assert.Contains("read-only file system", await FailAsync(cluster), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Two_names_of_one_directory_do_not_merge_what_belongs_apart()
    {
        Source.Add("a/file", [1]);
        Source.Add("b/file", [2]);
        Directory.CreateDirectory(InCopy("a"));
        Directory.CreateDirectory(InCopy("b"));
        Mount("--bind", InCopy("a"), InCopy("b"));
        await using TestCluster cluster = await ServeAsync();
        (CopyResult result, _) = await CopyAsync(cluster);
        Assert.Equal(new CopyFailure("b", "the destination takes it for a, which is in place"), OnlyFailure(result));
        Assert.Equal([1], File.ReadAllBytes(InCopy("a/file")));
    }

    public override void Dispose()
    {
        foreach (string mount in _mounts)
            Command.Run("umount", "-l", mount);
        base.Dispose();
    }
}
