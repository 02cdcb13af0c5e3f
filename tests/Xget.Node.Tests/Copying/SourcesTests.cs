using Xget.Node.Copying;

namespace Xget.Node.Tests.Copying;

/// <summary>What is copied, and what is in its way.</summary>
public sealed class SourcesTests : CopyTests, IAsyncLifetime
{
    private TestCluster _cluster = null!;

    public async Task InitializeAsync()
    {
        Source.Add("a/b/one", [1]);
        Source.Add("a/b/two", Files.Random(200_000));
        Source.Add("a/c", [3]);
        Source.Add("d", [4]);
        _cluster = await ServeAsync();
    }

    public Task DisposeAsync() => _cluster.DisposeAsync().AsTask();

    private string[] Copied() => [.. Directory.GetFiles(Destination(), "*", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(Destination(), f)).Order(StringComparer.Ordinal)];

    [Theory]
    [InlineData("a/b", "b/one b/two")]
    [InlineData("/a/b/", "b/one b/two")]
    [InlineData("./a//b", "b/one b/two")]
    [InlineData("a/b/one", "one")]
    [InlineData("d", "d")]
    [InlineData(".", "a/b/one a/b/two a/c d")]
    [InlineData("/", "a/b/one a/b/two a/c d")]
    public async Task A_source_comes_under_its_last_name_and_a_dot_is_everything(string source, string copied)
    {
        await CopyAsync(_cluster, sources: source);
        Assert.Equal(copied.Split(' '), Copied());
    }

    [Fact]
    public async Task Several_sources_are_copied_together()
    {
        (CopyResult result, _) = await CopyAsync(_cluster, sources: ["a/b", "d"]);
        Assert.Equal(["b/one", "b/two", "d"], Copied());
        Assert.Equal(3, result.Files);
    }

    [Theory]
    [InlineData("nothing", "nothing: no such file or directory on the master")]
    [InlineData("a/nothing", "a/nothing: no such file or directory on the master")]
    [InlineData("d/x", "d/x: d is not a directory on the master")]
    [InlineData("a/../d", "a/../d: a source must not contain ..")]
    public async Task A_source_that_is_not_there_is_named(string source, string message)
    {
        Assert.Equal(message, await FailAsync(_cluster, "d", source));
        Assert.Empty(Copied());
    }

    [Fact]
    public async Task A_file_in_the_way_of_a_directory_is_replaced()
    {
        Directory.CreateDirectory(Destination());
        File.WriteAllText(Path.Combine(Destination(), "a"), "in the way");
        await CopyAsync(_cluster);
        Lab.TreeWitness.ExpectSame(Source.Root, Destination());
    }

    [Fact]
    public async Task A_link_in_the_way_of_a_directory_is_replaced_and_not_followed()
    {
        string elsewhere = Directory.CreateDirectory(Destination("elsewhere")).FullName;
        Directory.CreateDirectory(Destination());
        File.CreateSymbolicLink(Path.Combine(Destination(), "a"), elsewhere);
        await CopyAsync(_cluster);
        Lab.TreeWitness.ExpectSame(Source.Root, Destination());
        Assert.Empty(Directory.GetFileSystemEntries(elsewhere));
    }

    [Fact]
    public async Task An_empty_directory_in_the_way_of_a_file_is_replaced()
    {
        Directory.CreateDirectory(Path.Combine(Destination(), "d"));
        await CopyAsync(_cluster);
        Lab.TreeWitness.ExpectSame(Source.Root, Destination());
    }

    [Theory]
    [InlineData("d")]
    [InlineData("a/b/two")]
    public async Task A_directory_with_entries_in_the_way_of_a_file_is_a_clear_error(string path)
    {
        Directory.CreateDirectory(Path.Combine(Destination(), path, "entry"));
        (CopyResult result, _) = await CopyAsync(_cluster);
        Assert.Equal(new CopyFailure(path, "a directory that is not empty stands where a file should be"), OnlyFailure(result));
        Assert.Equal(3, result.Files);
        Assert.True(Directory.Exists(Path.Combine(Destination(), path, "entry")));
    }

    [Fact]
    public async Task A_file_that_changed_on_the_master_is_a_clear_error()
    {
        Source.Add("a/b/two", Files.Random(200_000, 9));
        (CopyResult result, _) = await CopyAsync(_cluster);
        CopyFailure failure = OnlyFailure(result);
        Assert.Equal("a/b/two", failure.Path);
        Assert.Contains("changed on the master", failure.Reason, StringComparison.Ordinal);
        Assert.Equal(["a/b/one", "a/c", "d"], Copied());
    }
}
