using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Xget.Lab;

/// <summary>
/// A cluster's network on one machine: a namespace for each node, whose eth0 hangs on a bridge in a namespace of its
/// own; nothing leads out. Node i has 10.98.0.(i+1)/16. Names begin with xt-PID-; what dead processes have left is
/// removed first. Needs root and ip(8).
/// </summary>
public sealed class NetworkLab : IDisposable
{
    private const string Prefix = "xt-";
    private const string NamespaceDirectory = "/run/netns";
    private static int _made;
    private readonly string _name;
    private readonly int _nodes;

    /// <summary>Builds it; with a rate, every node sends and receives at most so many Mbit/s.</summary>
    public NetworkLab(int nodes, int? rateMbit = null)
    {
        RemoveRemains();
        _nodes = nodes;
        _name = $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref _made)}";
        try
        {
            Build();
            if (rateMbit is { } rate)
            {
                Shape(rate);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private string Switch => _name + "-sw";

    /// <summary>The namespace of node i.</summary>
    public string Namespace(int node) => string.Create(CultureInfo.InvariantCulture, $"{_name}-{node}");

    /// <summary>The address of node i.</summary>
    public static string Address(int node) => string.Create(CultureInfo.InvariantCulture, $"10.98.0.{node + 1}");

    /// <summary>Bytes that node i has sent and received, counted at its port of the switch.</summary>
    public (long Sent, long Received) Counters(int node)
    {
        using JsonDocument links = JsonDocument.Parse(
            Command.Run("ip", "-n", Switch, "-s", "-j", "link", "show", "dev", Port(node)));
        JsonElement statistics = links.RootElement[0].GetProperty("stats64");
        return (statistics.GetProperty("rx").GetProperty("bytes").GetInt64(),
            statistics.GetProperty("tx").GetProperty("bytes").GetInt64());
    }

    /// <inheritdoc/>
    public void Dispose() => Remove(_name + "-");

    private static string Port(int node) => string.Create(CultureInfo.InvariantCulture, $"p{node}");

    private void Build()
    {
        Command.Run("ip", "netns", "add", Switch);
        Batch(Switch,
            "link set lo up",
            "link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
            "link set br0 addrgenmode none up");
        for (int i = 0; i < _nodes; i++)
        {
            Command.Run("ip", "netns", "add", Namespace(i));
        }

        Batch(Switch, [.. Enumerable.Range(0, _nodes).SelectMany(i => new[]
        {
            $"link add {Port(i)} type veth peer name eth0 netns {Namespace(i)}",
            $"link set {Port(i)} addrgenmode none master br0 up",
        })]);
        for (int i = 0; i < _nodes; i++)
        {
            Batch(Namespace(i),
                "link set lo up", "link set eth0 addrgenmode none up", $"addr add {Address(i)}/16 dev eth0");
        }
    }

    // The burst holds one whole 64 KiB GSO packet, so that tbf need not cut it up; both directions are limited.
    private void Shape(int rateMbit)
    {
        for (int i = 0; i < _nodes; i++)
        {
            string tbf = string.Create(CultureInfo.InvariantCulture, $"root tbf rate {rateMbit}mbit burst 68kb limit");
            Command.Run("tc", [.. $"-n {Namespace(i)} qdisc add dev eth0 {tbf} 1500kb".Split(' ')]);
            Command.Run("tc", [.. $"-n {Switch} qdisc add dev {Port(i)} {tbf} 256kb".Split(' ')]);
        }
    }

    private static void Batch(string networkNamespace, params string[] lines)
    {
        var text = new StringBuilder();
        foreach (string line in lines)
        {
            text.Append(line).Append('\n');
        }

        Command.Run("ip", ["-n", networkNamespace, "-batch", "-"], text.ToString());
    }

    private static void RemoveRemains()
    {
        if (!Directory.Exists(NamespaceDirectory))
        {
            return;
        }

        foreach (string path in Directory.GetFiles(NamespaceDirectory, Prefix + "*"))
        {
            string name = Path.GetFileName(path);
            string pid = name[Prefix.Length..].Split('-')[0];
            if (!Scratch.IsAlive(pid))
            {
                Remove(name);
            }
        }
    }

    private static void Remove(string prefix)
    {
        if (!Directory.Exists(NamespaceDirectory))
        {
            return;
        }

        foreach (string path in Directory.GetFiles(NamespaceDirectory, prefix + "*"))
        {
            string name = Path.GetFileName(path);
            Command.Run("sh", "-c",
                """for p in $(ip netns pids "$1" 2>/dev/null); do kill -9 "$p"; done; ip netns del "$1" """, "sh", name);
        }
    }
}
