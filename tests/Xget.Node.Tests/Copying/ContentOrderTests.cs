using Xget.Content.Store;
using Xget.Node.Copying;
using Xget.Node.Fetching;

namespace Xget.Node.Tests.Copying;

/// <summary>Which contents a copy fetches when.</summary>
public sealed class ContentOrderTests : CopyTests
{
    private const int MiB = 1 << 20;

    private readonly string[] _names = ["a", "b", "c", "d"];

    [Fact]
    public async Task Large_contents_come_in_the_trees_order_the_next_one_joins_its_trees_meanwhile_and_those_behind_are_announced()
    {
        foreach (string name in _names)
            Source.Add(name, Files.Random(4 * MiB, name[0]));
        await using TestCluster cluster = await ServeAsync();
        var meter = new Meter(MiB);
        HostTransport host = cluster.NewHost();
        host.MeterOf = (_, number) => number == 2 ? meter : null; // the first one is not for contents
        RunningNode node = await cluster.StartNodeAsync("copier", host: host);
        using Destination destination = Open();
        Task<CopyResult> copy = JobOf(node, destination).RunAsync(["."], default);
        Transfer? Of(string name) => node.Node.Find(cluster[name].Data.Content);
        async Task<bool> IsJoinedAsync(string name) =>
            (await cluster.TreeAsync(cluster[name]))?.Routes is { Count: > 0 } routes && routes.All(route => route.Stripe is not null);
        async Task<bool> IsAnnouncedAsync(string name) =>
            (await cluster.TreeAsync(cluster[name]))?.Routes is [{ Stripe: null, Address: not null }] && Of(name) is { Store: null };

        await Until.TrueAsync(async () => meter.IsUsedUp && await IsJoinedAsync("b"));
        Assert.InRange(Of("a")!.Have, 1UL, (ulong)MiB);
        Assert.Equal(0UL, Of("b")!.Have);
        await Until.TrueAsync(async () => await IsAnnouncedAsync("c") && await IsAnnouncedAsync("d"));

        meter.Add(7 * MiB / 2); // a, and a part of b
        await Until.TrueAsync(async () => meter.IsUsedUp && await IsJoinedAsync("c"));
        Assert.InRange(Of("b")!.Have, 1UL, 4UL * MiB);
        Assert.Equal(0UL, Of("c")!.Have);
        Assert.True(await IsAnnouncedAsync("d"));

        meter.Open();
        await Until.DoneAsync(copy);
        foreach (string name in _names)
            Assert.Equal(File.ReadAllBytes(Source[name]), File.ReadAllBytes(Path.Combine(Destination(), name)));
    }

    [Fact]
    public async Task Contents_that_are_there_already_keep_nobody_waiting()
    {
        foreach (string name in _names)
            Source.Add(name, Files.Random(2 * MiB, name[0]));
        await using TestCluster cluster = await ServeAsync();
        Directory.CreateDirectory(Destination());
        foreach (string name in new[] { "a", "c" })
            File.Copy(Source[name], Path.Combine(Destination(), name));
        RunningNode node = await cluster.StartNodeAsync("copier");
        using Destination destination = Open();

        await Until.DoneAsync(JobOf(node, destination).RunAsync(["."], default));

        Assert.InRange(node.Node.Counters.FromMaster, 4 * MiB, 4 * MiB + 4096); // and the directory
        foreach (string name in _names)
            Assert.Equal(File.ReadAllBytes(Source[name]), File.ReadAllBytes(Path.Combine(Destination(), name)));
    }
}
