using Xget.Content.Store;
using Xget.Node.Copying;
using Xget.Testing;

namespace Xget.Node.Tests.Copying;

/// <summary>Files that change at the master while they are copied.</summary>
public sealed class ChangedSourceTests : CopyTests
{
    /// <summary>A master of four files, of which <c>log</c> has changed since they were published.</summary>
    private async Task<TestCluster> ServeChangedAsync()
    {
        Source.Add("large", Files.Random(300_000, 1));
        Source.Add("log", Files.Random(200_000, 2));
        Source.Add("same", Files.Random(400_000, 3));
        Source.Add("small", [1, 2, 3]);
        TestCluster cluster = await ServeAsync();
        Source.Add("log", Files.Random(250_000, 9));
        return cluster;
    }

    [Fact]
    public async Task What_has_changed_is_found_in_the_next_generation()
    {
        await using TestCluster cluster = await ServeChangedAsync();
        await using RunningNode node = await cluster.StartNodeAsync("copier");
        using Destination destination = Open();
        CopyJob job = JobOf(node, destination, time: new ManualTime());
        Task<CopyResult> copy = job.RunAsync(["."], default);
        await Until.TrueAsync(() => job.Progress.FilesDone == 3);
        await cluster.PublishAsync();
        CopyResult result = await Until.DoneAsync(copy);
        Assert.True(result.IsComplete, string.Join("; ", result.Failures));
        Assert.False(result.IsMixed);
        Assert.Equal(4, result.Files);
        Assert.InRange(node.Node.Counters.FromMaster, 950_000, 1_200_000); // nothing came twice
        Lab.TreeWitness.ExpectSame(Source.Root, Destination());
    }

    [Fact]
    public async Task What_went_away_meanwhile_is_told()
    {
        await using TestCluster cluster = await ServeChangedAsync();
        await using RunningNode node = await cluster.StartNodeAsync("copier");
        using Destination destination = Open();
        CopyJob job = JobOf(node, destination, time: new ManualTime());
        Task<CopyResult> copy = job.RunAsync(["."], default);
        await Until.TrueAsync(() => job.Progress.FilesDone == 3);
        File.Delete(Source["same"]);
        await cluster.PublishAsync();
        CopyResult result = await Until.DoneAsync(copy);
        Assert.True(result.IsComplete);
        Assert.True(result.IsMixed, "the copy has a file that the master has not got any more");
        Assert.Equal(3, result.Files);
    }

    [Fact]
    public async Task Where_nothing_is_published_the_changed_file_is_named_and_the_rest_is_copied()
    {
        await using TestCluster cluster = await ServeChangedAsync();
        await using RunningNode node = await cluster.StartNodeAsync("copier");
        using Destination destination = Open();
        var time = new ManualTime();
        CopyJob job = JobOf(node, destination, time: time);
        Task<CopyResult> copy = job.RunAsync(["."], default);
        await Until.TrueAsync(time, () => copy.IsCompleted);
        CopyResult result = await copy;
        Assert.Equal("log", OnlyFailure(result).Path);
        Assert.Equal(["large", "same", "small"], Directory.GetFileSystemEntries(Destination()).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Of_a_pack_only_the_files_beside_the_changed_one_are_lost()
    {
        for (int i = 10; i < 60; i++)
            Source.Add($"f{i}", Files.Random(20_000, i));
        await using TestCluster cluster = await ServeAsync();
        Source.Add("f30", Files.Random(20_000, 99));
        await using RunningNode node = await cluster.StartNodeAsync("copier");
        using Destination destination = Open();
        var time = new ManualTime();
        Task<CopyResult> copy = JobOf(node, destination, time: time).RunAsync(["."], default);
        await Until.TrueAsync(time, () => copy.IsCompleted);
        CopyResult result = await copy;
        // A chunk of 32 KiB has parts of three files at the most, f30 is in two.
        Assert.InRange(result.FailureCount, 1, 5);
        Assert.Contains(result.Failures, f => f.Path == "f30");
        Assert.Equal(50 - result.FailureCount, result.Files);
    }
}
