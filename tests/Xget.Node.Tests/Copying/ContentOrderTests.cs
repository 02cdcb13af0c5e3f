using Xget.Content.Store;
using Xget.Node.Copying;

namespace Xget.Node.Tests.Copying;

/// <summary>Which contents a copy fetches when.</summary>
public sealed class ContentOrderTests : CopyTests
{
    private const int MiB = 1 << 20;

    [Fact]
    public async Task Large_contents_come_in_the_trees_order_and_the_next_begins_when_little_of_the_one_before_is_missing()
    {
        foreach (string name in new[] { "a", "b", "c" })
            Source.Add(name, Files.Random(4 * MiB, name[0]));
        await using TestCluster cluster = await ServeAsync();
        var meter = new Meter(MiB);
        HostTransport host = cluster.NewHost();
        host.MeterOf = (_, number) => number == 2 ? meter : null; // the first one is not for contents
        RunningNode node = await cluster.StartNodeAsync("copier", host: host);
        using Destination destination = Open();
        Task<CopyResult> copy = JobOf(node, destination).RunAsync(["."], default);
        bool IsFetched(string name) => node.Node.Find(cluster[name].Data.Content) is not null;

        await Until.TrueAsync(() => meter.IsUsedUp);
        Assert.Equal([true, false, false], new[] { "a", "b", "c" }.Select(IsFetched));

        meter.Add(3 * MiB / 2); // 1.5 MiB of a are missing
        await Until.TrueAsync(() => IsFetched("b"));
        await Until.TrueAsync(() => meter.IsUsedUp);
        Assert.False(IsFetched("c"));

        meter.Open();
        await Until.DoneAsync(copy);
        foreach (string name in new[] { "a", "b", "c" })
            Assert.Equal(File.ReadAllBytes(Source[name]), File.ReadAllBytes(Path.Combine(Destination(), name)));
    }
}
