using Mono.Unix.Native;
using Xget.Node.Fetching;
using Xget.Node.Wire;
using Xget.Routing;
using Xget.Testing;

namespace Xget.Node.Tests.Fetching;

/// <summary>A published tree with one file <c>img</c> in stripes, under a clock that stands still.</summary>
public abstract class StripedTests : IAsyncLifetime, IDisposable
{
    private protected const int Chunk = 32 << 10;

    /// <summary>Chunks of a run.</summary>
    private protected const int PerRun = (128 << 10) / Chunk;

    private protected virtual int Chunks => 48;

    private protected int Size => Chunks * Chunk;

    /// <summary>Chunks of a stripe that are asked for before the first of them has come.</summary>
    private protected const int Window = 4;

    private readonly Files _files = new();
    private readonly List<SteeredWorker> _workers = [];

    private protected TestCluster Cluster { get; private set; } = null!;

    private protected ManualTime Time { get; } = new();

    private protected byte[] Img { get; private set; } = [];

    private protected abstract int Stripes { get; }

    public async Task InitializeAsync()
    {
        Img = _files.Add("img", Files.Random(Size));
        Cluster = await TestCluster.ServeAsync(_files.Root, new RoutingOptions { Stripes = Stripes, MaxLevel = 8 }, time: Time);
    }

    public async Task DisposeAsync()
    {
        await Cluster.DisposeAsync();
        foreach (SteeredWorker worker in _workers)
            await worker.DisposeAsync();
    }

    public void Dispose()
    {
        _files.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The chunks of a stripe: every k-th run of 128 KiB.</summary>
    private protected IEnumerable<int> Stripe(int stripe) => Enumerable.Range(0, Chunks).Where(c => IsOf(stripe, c));

    private protected bool IsOf(int stripe, int chunk) => chunk / PerRun % Stripes == stripe;

    private protected async Task<SteeredWorker> WorkerAsync(string name)
    {
        SteeredWorker worker = await SteeredWorker.ServeAsync(Cluster, Cluster["img"], Img, name);
        _workers.Add(worker);
        return worker;
    }

    /// <summary>One for each stripe that says it has everything; it has nothing yet.</summary>
    private protected async Task<SteeredWorker[]> WorkersAsync()
    {
        var workers = new SteeredWorker[Stripes];
        for (int i = 0; i < workers.Length; i++)
        {
            workers[i] = await WorkerAsync($"worker{i}");
            await workers[i].AdvertiseCompleteAsync();
        }
        return workers;
    }

    /// <summary>A node that reads from those workers, and has asked each of them for as much as it does at first.</summary>
    private protected async Task<(RunningNode Node, Transfer Transfer, SteeredWorker[] Workers)> FetchingAsync()
    {
        SteeredWorker[] workers = await WorkersAsync();
        RunningNode node = await PatientNodeAsync("node1");
        Transfer transfer = node.Fetch(Cluster["img"]);
        await Until.TrueAsync(() => workers.All(w => w.Asked.Length == Window));
        return (node, transfer, workers);
    }

    /// <summary>A real node for each stripe that has everything and reads from nobody.</summary>
    private protected async Task<RunningNode[]> FullNodesAsync()
    {
        var full = new RunningNode[Stripes];
        for (int i = 0; i < full.Length; i++)
        {
            full[i] = await PatientNodeAsync($"full{i}");
            Assert.Null(await Until.DoneAsync(full[i].Fetch(Cluster["img"]).Finished));
            await Until.TrueAsync(async () => await Cluster.StatAsync("routes-held") == 0);
        }
        return full;
    }

    /// <summary>A node that has come before and reads this chunk of each stripe from the master; it holds its routes.</summary>
    private protected async Task<(TreeClient Client, TreeClient.OpenPath Redir)> EarlierAsync(params int[] chunks)
    {
        TreeClient client = await Cluster.AttachAsync("earlier");
        TreeClient.OpenPath redir = await client.OpenAsync(OpenFlags.O_RDWR, TreeClient.Of(Cluster["img"], Names.Redir));
        await redir.ReadAsync();
        TreeClient.OpenPath data = await client.OpenAsync(OpenFlags.O_RDONLY, TreeClient.Of(Cluster["img"], Names.Data));
        foreach (int chunk in chunks)
        {
            // As a node does that comes to it in order.
            for (int before = chunk % (PerRun * Stripes); before < chunk; before += PerRun * Stripes)
                await client.Client.ReadAsync(data.Fid, (ulong)before * Chunk, new byte[Chunk]);
            await client.Client.ReadAsync(data.Fid, (ulong)chunk * Chunk, new byte[Chunk]);
        }
        return (client, redir);
    }

    /// <summary>The text of <c>front</c> for these chunks, one of each stripe.</summary>
    private protected static string FrontLines(params int[] chunks) => string.Concat(chunks.Select(c => $"{(ulong)c * Chunk:D20}\n"));

    /// <summary>A node that gives nobody up, however fast the clock runs.</summary>
    private protected Task<RunningNode> PatientNodeAsync(string name, HostTransport? host = null) =>
        Cluster.StartNodeAsync(name, o => o with { Stall = TimeSpan.FromDays(1), RequestTimeout = TimeSpan.FromDays(1) }, host);
}
