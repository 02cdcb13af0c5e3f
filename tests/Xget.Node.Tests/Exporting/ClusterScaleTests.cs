using System.Globalization;
using System.Net;
using System.Text;
using Mono.Unix.Native;
using Xget.Node.Exporting;
using Xget.Node.Wire;
using Xget.Routing;
using Xget.Testing;
using Xunit.Abstractions;

namespace Xget.Node.Tests.Exporting;

/// <summary>The master's picture of many nodes and contents stays cheap, and bounded.</summary>
public sealed class ClusterScaleTests(ITestOutputHelper output)
{
    private readonly RecordingLog _log = new();

    private Cluster NewCluster(TimeProvider time) => new(new RoutingOptions(), new RoutingOptions { Stripes = 4, MaxLevel = 32 },
        new WorkerProbe(new MemoryTransport(), time), time, _log.Logger);

    private static NodeSession Session(int number) =>
        new(number, $"node{number}", new PeerAddress(number, new IPAddress([10, 1, (byte)(number >> 8), (byte)number])));

    private static ContentKey Key(int number) => new($"content{number}", $"image {number}", 100 << 20, 64 << 10);

    private static NodeSession[] Join(Cluster cluster, int nodes, int contents)
    {
        NodeSession[] sessions = [.. Enumerable.Range(1, nodes).Select(Session)];
        for (int content = 0; content < contents; content++)
        {
            foreach (NodeSession session in sessions)
                Assert.Equal((Errno)0, cluster.Join(session, Key(content), [], out _));
        }
        return sessions;
    }

    /// <summary>The tree is made while another thread takes the cluster's lock all the time: the longest that it waited.</summary>
    [Theory]
    [InlineData(100, 1000)]
    [InlineData(10_000, 1)]
    public async Task A_tree_of_many_routes_is_whole_or_says_how_many_contents_it_leaves_out(int nodes, int contents)
    {
        Cluster cluster = NewCluster(TimeProvider.System);
        Join(cluster, nodes, contents);
        using var made = new CancellationTokenSource();
        using var begun = new ManualResetEventSlim();
        Task<TimeSpan> waiting = Task.Run(() =>
        {
            TimeSpan longest = TimeSpan.Zero;
            while (!made.IsCancellationRequested)
            {
                long before = TimeProvider.System.GetTimestamp();
                cluster.Stats();
                TimeSpan took = TimeProvider.System.GetElapsedTime(before);
                begun.Set();
                longest = took > longest ? took : longest;
            }
            return longest;
        });
        begun.Wait();
        long start = TimeProvider.System.GetTimestamp();
        byte[] tree = cluster.Tree();
        TimeSpan took = TimeProvider.System.GetElapsedTime(start);
        await made.CancelAsync();
        output.WriteLine($"{nodes} nodes, {contents} contents: {tree.Length} bytes in {took.TotalMilliseconds:F1} ms, the lock waited for at most {(await waiting).TotalMilliseconds:F2} ms");

        Assert.InRange(tree.Length, 1, Cluster.MaxTree + (2 << 20));
        IReadOnlyList<TreeReport> reports = TreeReport.Parse(Encoding.UTF8.GetString(tree));
        string last = Encoding.UTF8.GetString(tree).TrimEnd('\n').Split('\n')[^1];
        int leftOut = last.StartsWith("and ", StringComparison.Ordinal) ? int.Parse(last.Split(' ')[1], CultureInfo.InvariantCulture) : 0;
        Assert.Equal(contents, reports.Count + leftOut);
        Assert.All(reports, r => Assert.Equal(4 * nodes, r.Routes.Count));
    }

    [Fact]
    public void A_node_takes_part_in_65536_contents_and_is_told_once_that_more_are_too_many()
    {
        Cluster cluster = NewCluster(new ManualTime());
        NodeSession session = Join(cluster, 1, Cluster.MaxContents)[0];
        for (int more = 0; more < 3; more++)
            Assert.Equal(Errno.EMFILE, cluster.Join(session, Key(Cluster.MaxContents + more), [], out _));
        Assert.Equal(Errno.EMFILE, cluster.Advertise(session, Key(-1), 7000));
        Assert.Single(_log.Records, r => r.Contains("node1", StringComparison.Ordinal) && r.Contains("65536", StringComparison.Ordinal));
        Assert.Equal((Errno)0, cluster.Join(session, Key(7), [], out _));
        cluster.Leave(session, Key(8).Key);
        Assert.Equal((Errno)0, cluster.Join(session, Key(Cluster.MaxContents), [], out _));
    }

    [Fact]
    public void One_that_blames_nine_workers_at_once_is_heard_no_more_and_is_named_in_the_log()
    {
        var time = new ManualTime();
        Cluster cluster = NewCluster(time);
        NodeSession liar = Session(500), other = Session(501);
        var excluded = new List<NodeSession>();
        for (int i = 0; i < 40; i++)
        {
            NodeSession worker = Session(i + 1);
            worker.Proof.Begin(TimeSpan.Zero);
            worker.Proof.Reached(TimeSpan.Zero); // as if the master had reached it
            worker.Port = 7000;
            var key = Key(i);
            cluster.Advertise(worker, key, 7000);
            cluster.Join(worker, key, [], out _);
            foreach (NodeSession child in new[] { liar, other })
            {
                cluster.Join(child, key, [], out RouteLine[] routes);
                if (routes[0].Parent is null)
                    continue;
                cluster.Exclude(child, key, worker.EndPoint, FailureReason.Lost);
                excluded.Add(worker);
            }
        }
        Assert.NotEmpty(excluded);
        Assert.Single(_log.Records, r => r.Contains("node500", StringComparison.Ordinal) && r.Contains("itself in trouble", StringComparison.Ordinal));
        Assert.Equal(8, _log.Records.Count(r => r.Contains("serves nobody until", StringComparison.Ordinal)));
    }
}
