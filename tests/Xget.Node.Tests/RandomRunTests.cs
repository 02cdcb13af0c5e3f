using Xget.Node.Fetching;
using Xget.Testing;

namespace Xget.Node.Tests;

/// <summary>
/// Nodes that come, lose connections, end and come back in random order, under a clock that runs fast: whoever lives at
/// the end has the right bytes.
/// </summary>
[Collection("alone")] // it watches the unobserved exceptions of the process
public sealed class RandomRunTests
{
    private const int Seeds = 30;
    private const int Nodes = 10;
    private const int Events = 25;
    private const int Size = 20 * (64 << 10) + 17;

    [Fact]
    public async Task Whoever_lives_at_the_end_has_the_right_bytes()
    {
        List<string> unobserved = [];
        void Note(object? sender, UnobservedTaskExceptionEventArgs e)
        {
            lock (unobserved)
                unobserved.Add(e.Exception.ToString());
        }

        TaskScheduler.UnobservedTaskException += Note;
        using var files = new Files();
        byte[] img = files.Add("img", Files.Random(Size));
        for (int seed = 1; seed <= Seeds; seed++)
            await new Run(seed, files.Root, img).GoAsync();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        TaskScheduler.UnobservedTaskException -= Note;
        lock (unobserved)
            Assert.Empty(unobserved);
    }

    /// <summary>One cluster and what befalls it.</summary>
    private sealed class Run(int seed, string source, byte[] img)
    {
        private readonly Random _random = new(seed);
        private readonly ManualTime _time = new();
        private readonly Dictionary<int, (RunningNode Node, Transfer Transfer)> _living = [];
        private readonly Dictionary<int, HostTransport> _hosts = [];

        public async Task GoAsync()
        {
            await using TestCluster cluster = await TestCluster.ServeAsync(source, time: _time);
            for (int i = 0; i < Events; i++)
            {
                int number = _random.Next(Nodes);
                if (!_living.TryGetValue(number, out (RunningNode Node, Transfer Transfer) one))
                    await JoinAsync(cluster, number);
                else if (_random.Next(3) > 0)
                    Cut(one.Node.Transport);
                else
                    await EndAsync(number);
                await PauseAsync();
            }
            for (int number = 0; number < Nodes; number++)
            {
                if (!_living.ContainsKey(number))
                    await JoinAsync(cluster, number);
            }
            foreach ((RunningNode node, Transfer transfer) in _living.Values)
            {
                await Until.TrueAsync(_time, () => transfer.Finished.IsCompleted, $"{node.Name} of seed {seed}: {Seen(cluster)}");
                Assert.True(await transfer.Finished is null, $"{node.Name} of seed {seed}: {await transfer.Finished}");
                Assert.Equal(img, await RunningNode.BytesAsync(transfer));
            }
            foreach (int number in _living.Keys.ToArray())
                await EndAsync(number);
        }

        private static string Seen(TestCluster cluster) => string.Join('\n', cluster.Log.Records);

        private async Task JoinAsync(TestCluster cluster, int number)
        {
            if (!_hosts.TryGetValue(number, out HostTransport? host))
                _hosts.Add(number, host = cluster.NewHost());
            RunningNode node = cluster.NewNode($"node{number}", host: host);
            Task<string?> starting = node.Node.StartAsync(default).AsTask();
            await Until.TrueAsync(_time, () => starting.IsCompleted);
            Assert.Null(await starting);
            _living.Add(number, (node, node.Fetch(cluster["img"])));
        }

        /// <summary>All connections of the host, or one of them.</summary>
        private void Cut(HostTransport host)
        {
            HostTransport.Connection[] connections = [.. host.Connections];
            if (_random.Next(2) == 0)
                host.Host.CutAll();
            else
                connections[_random.Next(connections.Length)].Near.Abort();
        }

        private async Task EndAsync(int number)
        {
            Task ending = _living[number].Node.DisposeAsync().AsTask();
            _living.Remove(number);
            await Until.TrueAsync(_time, () => ending.IsCompleted);
            await ending;
        }

        /// <summary>A moment of random length, in which something may or may not happen.</summary>
        private async Task PauseAsync()
        {
            _time.Advance(TimeSpan.FromMilliseconds(_random.Next(300)));
            for (int yields = _random.Next(50); yields > 0; yields--)
                await Task.Yield();
        }
    }
}
