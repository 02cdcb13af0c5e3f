using System.Net;
using Xget.Lab;
using Xunit.Abstractions;

namespace Xget.Cluster.Tests;

/// <summary>Very many connections to one master.</summary>
public sealed class ConnectionTests(ITestOutputHelper output)
{
    private const int Waves = 20;
    private const int WaveSize = 5000;
    private const int IdleConnections = 8000;
    private const int MostKiBPerConnection = 16;
    private const int MostIdleMiB = 20;
    private const int MostGrowthMiB = 256;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    // size[4] Tversion tag[2] msize[4] version[s]
    private static readonly byte[] Version =
        [21, 0, 0, 0, 100, 0xff, 0xff, 24, 0, 16, 0, 8, 0, .. "9P2000.L"u8];

    // size[4] Tattach tag[2] fid[4] afid[4] uname[s] aname[s] n_uname[4]
    private static readonly byte[] Attach =
        [23, 0, 0, 0, 104, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0];

    // Rversion: 4+1+2 + msize[4] + "9P2000.L"[2+8]; Rattach: 4+1+2 + qid[13].
    private const int VersionAnswer = 21;
    private const int AttachAnswer = 20;

    [SkippableFact]
    public async Task An_idle_attached_connection_costs_the_master_at_most_16_KiB()
    {
        using var scratch = new Scratch();
        using MasterProcess master = await StartAsync(scratch);
        Assert.InRange(master.Process.ResidentKiB / 1024, 1, MostIdleMiB);
        using var warm = new Swarm();
        await warm.OpenAsync(At(master), 200, _ => [.. Version, .. Attach], _ => VersionAnswer + AttachAnswer);
        long before = master.Process.ResidentKiB;

        using var swarm = new Swarm();
        int refused = await swarm.OpenAsync(
            At(master), IdleConnections, _ => [.. Version, .. Attach], _ => VersionAnswer + AttachAnswer);

        Assert.Equal(0, refused);
        long after = master.Process.ResidentKiB;
        double each = (double)(after - before) / IdleConnections;
        output.WriteLine($"{IdleConnections} attached idle connections: RSS {before} -> {after} KiB, {each:F1} KiB each");
        Assert.InRange(each, 0, MostKiBPerConnection);
    }

    [SkippableFact]
    public async Task A_hundred_thousand_connections_opened_and_left_stop_nobody()
    {
        using var scratch = new Scratch();
        scratch.RandomFile("tree/large", 20_000_000);
        using MasterProcess master = await StartAsync(scratch);
        long before = master.Process.ResidentKiB;
        int opened = 0;
        int most = 0;
        for (int wave = 0; wave < Waves; wave++)
        {
            using var swarm = new Swarm();
            opened += WaveSize - await swarm.OpenAsync(At(master), WaveSize, Greeting);
            most = Math.Max(most, swarm.Count);
            if (wave is 0 or Waves / 2)
            {
                await CopyAsync(scratch, master, $"during-{wave}");
            }
        }

        await CopyAsync(scratch, master, "after");
        long after = master.Process.ResidentKiB;
        long peak = master.Process.PeakResidentKiB;
        output.WriteLine($"{opened} connections, {most} at once: RSS {before} -> {after} KiB, peak {peak} KiB");
        Assert.InRange(opened, 99_000, int.MaxValue);
        Assert.InRange(most, 4000, int.MaxValue);
        Assert.InRange((peak - before) / 1024, 0, MostGrowthMiB);
    }

    // Silent; half a frame; a version and no more; attached and idle; text of another protocol.
    private static byte[] Greeting(int number) => (number % 5) switch
    {
        0 => [],
        1 => Version[..11],
        2 => Version,
        3 => [.. Version, .. Attach],
        _ => "GET / HTTP/1.1\r\n\r\n"u8.ToArray(),
    };

    private static async Task<MasterProcess> StartAsync(Scratch scratch)
    {
        Prerequisite.Xget();
        scratch.RandomFile("tree/small", 1000);
        return await MasterProcess.StartAsync(scratch["master"], scratch["tree"]);
    }

    private static IPEndPoint At(MasterProcess master) => new(IPAddress.Parse(master.Host), master.Port);

    private static async Task CopyAsync(Scratch scratch, MasterProcess master, string name)
    {
        using Child copy = Child.Start(
            scratch[name], null, XgetProgram.Path, "-n", master.Address, ".", scratch["to-" + name]);
        await copy.ExpectExitAsync(0, Deadline);
        TreeWitness.ExpectSame(scratch["tree"], scratch["to-" + name]);
    }
}
