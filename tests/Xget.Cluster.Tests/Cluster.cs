using System.Globalization;
using Xget.Lab;

namespace Xget.Cluster.Tests;

/// <summary>
/// A master (node 0) and clients in namespaces of their own, their directories in one scratch directory. Everything
/// ends on Dispose.
/// </summary>
internal sealed class Cluster : IDisposable
{
    /// <summary>The master's port.</summary>
    public const int Port = 20004;

    private readonly List<IDisposable> _running = [];
    private readonly NetworkLab _network;
    private int _started;

    /// <summary>A network of a master and so many clients.</summary>
    public Cluster(int clients, int? rateMbit = null)
    {
        Prerequisite.Root();
        Prerequisite.Xget();
        Prerequisite.Commands("ip", "tc", "nsenter", "find", "diff", "getfattr", "setcap");
        Clients = clients;
        _network = new NetworkLab(clients + 1, rateMbit);
    }

    /// <summary>Their number; they are counted from 1.</summary>
    public int Clients { get; }

    public Scratch Scratch { get; } = new();

    /// <summary>What the master serves.</summary>
    public string Tree => Scratch["tree"];

    /// <summary>The master's address for clients.</summary>
    public static string Master => string.Create(CultureInfo.InvariantCulture, $"{NetworkLab.Address(0)}:{Port}");

    /// <summary>Bytes that the master's interface has sent.</summary>
    public long MasterSent => _network.Counters(0).Sent;

    public string Destination(int client) => Scratch[$"destination-{client}"];

    /// <summary>Starts the master and waits until it serves; its digest index survives it.</summary>
    public async Task<MasterProcess> StartMasterAsync(params string[] options)
    {
        MasterProcess master = await MasterProcess.StartInAsync(
            _network.Namespace(0), NetworkLab.Address(0), Scratch[$"master-{++_started}"], Tree,
            ["-p", $"{Port}", "--state", Scratch.NewDirectory("state"), .. options]);
        _running.Add(master);
        return master;
    }

    /// <summary>Starts a client that copies everything into its <see cref="Destination"/>.</summary>
    public Child StartCopy(int client, params string[] options)
    {
        Child copy = Child.Start(
            Scratch[$"client-{client}-{++_started}"], _network.Namespace(client), XgetProgram.Path,
            ["--name", $"node{client}", .. options, "-n", Master, ".", Destination(client)]);
        _running.Add(copy);
        return copy;
    }

    /// <summary>Starts all clients; the first has number 1.</summary>
    public Dictionary<int, Child> StartCopies(params string[] options) =>
        Enumerable.Range(1, Clients).ToDictionary(i => i, i => StartCopy(i, options));

    /// <summary>What <c>xget tree</c> prints now.</summary>
    public TreeReport Report() => TreeReport.Parse(Command.Run(
        "nsenter", $"--net=/run/netns/{_network.Namespace(0)}", XgetProgram.Path, "tree", "--master", Master));

    /// <summary>Looks at the tree until it shows what is wanted.</summary>
    public async Task<TreeReport> ReportAsync(Func<TreeReport, bool> fits, TimeSpan deadline)
    {
        using var timer = new CancellationTokenSource(deadline);
        while (true)
        {
            TreeReport report = Report();
            if (fits(report))
            {
                return report;
            }

            Assert.False(timer.IsCancellationRequested, "the tree never was as wanted; now it is\n" + report.Text);
            await Task.Delay(50);
        }
    }

    /// <summary>The number of the client that has this address.</summary>
    public static int ClientAt(string hostPort) =>
        int.Parse(hostPort.Split('!', ':')[0].Split('.')[^1], CultureInfo.InvariantCulture) - 1;

    public void Dispose()
    {
        _running.Reverse();
        _running.ForEach(r => r.Dispose());
        _network.Dispose();
        Scratch.Dispose();
    }
}
