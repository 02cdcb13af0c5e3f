using System.Globalization;
using Xget.Lab;

namespace Xget.Cluster.Tests.Mounted;

/// <summary>
/// A master (node 0) and nodes that mount its tree, each in a network namespace of its own; the mount points lie side by
/// side in one scratch directory. Everything is unmounted, ended and removed on Dispose.
/// </summary>
internal sealed class MountLab : IDisposable
{
    private const int Port = 20004;
    private readonly List<IDisposable> _running = [];
    private readonly NetworkLab _network;
    private int _started;

    /// <summary>A network of a master and so many nodes; with a rate each is limited to so many Mbit/s.</summary>
    public MountLab(int nodes, int? rateMbit = null, params string[] commands)
    {
        Prerequisite.Root();
        Prerequisite.Xget();
        Prerequisite.Commands(["ip", "tc", "nsenter", "find", "diff", "getfattr", "setcap", .. commands]);
        MountPrerequisite.FuseDevice();
        Nodes = nodes;
        _network = new NetworkLab(nodes + 1, rateMbit);
    }

    /// <summary>Their number; they are counted from 1.</summary>
    public int Nodes { get; }

    public Scratch Scratch { get; } = new();

    /// <summary>What the master serves.</summary>
    public string Tree => Scratch["tree"];

    /// <summary>Bytes that the master's interface has sent.</summary>
    public long MasterSent => _network.Counters(0).Sent;

    private static string Master => string.Create(CultureInfo.InvariantCulture, $"{NetworkLab.Address(0)}:{Port}");

    /// <summary>Starts the master and waits until it serves; its digest index survives it.</summary>
    public async Task<MasterProcess> StartMasterAsync(params string[] options) => Own(await MasterProcess.StartInAsync(
        _network.Namespace(0), NetworkLab.Address(0), Scratch[$"master-{++_started}"], Tree,
        ["-p", $"{Port}", "--state", Scratch.NewDirectory("state"), .. options]));

    /// <summary>
    /// Mounts the tree on a node and waits until it is there. Options are added to the node's name and its cache
    /// (<see cref="Cache"/>, unless one is named).
    /// </summary>
    public async Task<MountedNode> MountAsync(int node, params string[] options)
    {
        string directory = Scratch.NewDirectory($"mount-{node}-{++_started}");
        string cache = options.FirstOrDefault(o => o.StartsWith("cache=", StringComparison.Ordinal)) ?? "cache=" + Cache(node);
        string words = string.Join(',', [$"name=node{node}", "stall=2", cache, .. options.Except([cache])]);
        Child daemon = Child.Start(Scratch[$"daemon-{node}-{_started}"], _network.Namespace(node), XgetProgram.Path,
            "mount", Master + ":/", directory, "-o", words, "-f");
        return await Own(new MountedNode(daemon, directory)).ReadyAsync();
    }

    /// <summary>Mounts on every node at once; the first is node 1.</summary>
    public Task<MountedNode[]> MountAllAsync(params string[] options) =>
        Task.WhenAll(Enumerable.Range(1, Nodes).Select(i => MountAsync(i, options)));

    /// <summary>The directory of a node's cache.</summary>
    public string Cache(int node) => Scratch[$"cache-{node}"];

    /// <summary>Publishes the tree as it is now.</summary>
    public void Publish() => InMaster("publish", "--master", Master);

    /// <summary>What <c>xget tree</c> prints now.</summary>
    public TreeReport Report() => TreeReport.Parse(InMaster("tree", "--master", Master));

    /// <summary>Takes a node's interface down, or up again.</summary>
    public void SetLink(int node, bool up) =>
        Command.Run("ip", "-n", _network.Namespace(node), "link", "set", "eth0", up ? "up" : "down");

    /// <summary>Starts a script of bash beside the test; $1 and further are the arguments.</summary>
    public Child Start(string script, params string[] arguments) => Own(Child.Start(
        Scratch[$"script-{++_started}"], null, "bash", ["-euo", "pipefail", "-c", script, "bash", .. arguments]));

    /// <summary>Runs a script of bash to its good end; what it printed.</summary>
    public async Task<string> RunAsync(string script, params string[] arguments)
    {
        Child child = Start(script, arguments);
        await child.ExpectExitAsync(0, MountSizes.ScriptDeadline);
        return child.Output;
    }

    public void Dispose()
    {
        _running.Reverse();
        _running.ForEach(r => r.Dispose());
        _network.Dispose();
        Scratch.Dispose();
    }

    private string InMaster(params string[] arguments) => Command.Run(
        "nsenter", [$"--net=/run/netns/{_network.Namespace(0)}", XgetProgram.Path, .. arguments]);

    private T Own<T>(T running)
        where T : IDisposable
    {
        _running.Add(running);
        return running;
    }
}
