using System.Diagnostics;
using Mono.Unix.Native;
using Xget.Lab;

namespace Xget.Cluster.Tests.Mounted;

/// <summary>
/// Parents die and cables are pulled while mounts are read. The links are shaped, so that a transfer lasts for seconds.
/// </summary>
public sealed class NetworkLossTests
{
    private const int Nodes = 6;
    private const int Victims = 3;
    private const int RateMbit = 60;
    private const int Size = 48_000_000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    [SkippableFact]
    public async Task Parents_that_die_one_after_the_other_cost_no_reader_a_byte()
    {
        using var lab = new MountLab(Nodes, RateMbit);
        string large = lab.Scratch.RandomFile("tree/large", Size);
        await lab.StartMasterAsync();
        MountedNode[] mounts = await lab.MountAllAsync();
        Dictionary<int, Child> readers = Enumerable.Range(1, Nodes)
            .ToDictionary(i => i, i => lab.Start(ReadingScripts.Compare, large, mounts[i - 1]["large"]));

        for (int killed = 0; killed < Victims; killed++)
        {
            int victim = await ParentAsync(lab, readers);
            mounts[victim - 1].Daemon.Signal(Signum.SIGKILL);
            await readers[victim].ExpectErrorAsync("large: ", Deadline);
            readers.Remove(victim);
        }

        foreach (Child reader in readers.Values)
        {
            await reader.ExpectExitAsync(0, Deadline);
        }
    }

    [SkippableFact]
    public async Task A_node_without_its_cable_reads_what_it_has_and_goes_on_when_the_cable_is_back()
    {
        using var lab = new MountLab(1, RateMbit);
        string cached = lab.Scratch.RandomFile("tree/cached", 1_000_000, 1);
        string large = lab.Scratch.RandomFile("tree/large", Size, 2);
        string other = lab.Scratch.RandomFile("tree/other", 1_000_000, 3);
        await lab.StartMasterAsync();
        MountedNode patient = await lab.MountAsync(1, "timeout=120");
        MountedNode hasty = await lab.MountAsync(1, $"timeout={Limit.TotalSeconds}", "cache=" + lab.Scratch["cache-hasty"]);
        foreach (MountedNode mount in (MountedNode[])[patient, hasty])
        {
            await lab.RunAsync(ReadingScripts.Compare, cached, mount["cached"]);
        }

        Child reader = lab.Start(ReadingScripts.Compare, large, patient["large"]);
        await lab.RunAsync(
            """until [[ $(getfattr --only-values --absolute-names -n user.xget.state "$1") == partial* ]]; do sleep 0.1; done""",
            patient["large"]);
        lab.SetLink(1, up: false);

        await lab.RunAsync(ReadingScripts.Forget, patient["cached"]);
        await lab.RunAsync(ReadingScripts.Compare, cached, patient["cached"]);
        long started = Stopwatch.GetTimestamp();
        await lab.Start(ReadingScripts.Read, hasty["other"]).ExpectErrorAsync("Input/output error", Deadline);
        Assert.True(Stopwatch.GetElapsedTime(started) >= Limit, "EIO came before timeout= was over");
        Assert.False(reader.HasExited, reader.Story);
        lab.SetLink(1, up: true);

        await reader.ExpectExitAsync(0, Deadline);
        await lab.RunAsync(ReadingScripts.CompareUntilSame, other, hasty["other"]);
    }

    // One that others hang from, of those that are still alive.
    private static async Task<int> ParentAsync(MountLab lab, Dictionary<int, Child> alive)
    {
        using var timer = new CancellationTokenSource(Deadline);
        while (true)
        {
            TreeReport report = lab.Report();
            int[] parents = [.. report.Routes
                .Where(r => r.Content.EndsWith("large", StringComparison.Ordinal))
                .Where(r => r.Address != "-" && r.Connections > 0 && r.Progress < 0.8)
                .OrderByDescending(r => r.Connections).Select(r => Cluster.ClientAt(r.Address)).Where(alive.ContainsKey)];
            if (parents.Length > 0)
            {
                return parents[0];
            }

            Assert.False(timer.IsCancellationRequested, "no node has children\n" + report.Text);
            await Task.Delay(50);
        }
    }
}
