using Mono.Unix.Native;
using Xget.Lab;

namespace Xget.Cluster.Tests;

/// <summary>
/// Processes die in the middle of a transfer. The links are shaped, so that the middle lasts for seconds: at 100 Mbit/s
/// one copy takes 5 s.
/// </summary>
public sealed class FailureTests
{
    private const int Nodes = 8;
    private const int RateMbit = 100;
    private const int SlowMbit = 50;
    private const int Size = 64_000_000;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);
    private static readonly string[] Impatient = ["--stall", "2"];

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task The_death_of_an_inner_worker_costs_nobody_a_byte_and_its_own_copy_resumes(int stripes)
    {
        using Cluster cluster = Prepare();
        await cluster.StartMasterAsync("--stripes", $"{stripes}");
        Dictionary<int, Child> copies = cluster.StartCopies(Impatient);

        TreeReport report = await cluster.ReportAsync(r => Inner(r).Any(), Deadline);
        int victim = Cluster.ClientAt(Inner(report).MaxBy(r => r.Connections)!.Address);
        copies[victim].Signal(Signum.SIGKILL);

        await ExpectRightAsync(cluster, copies.Where(c => c.Key != victim));
        Assert.False(File.Exists(Path.Combine(cluster.Destination(victim), "large")));
        await ExpectResumesAsync(cluster, victim);
    }

    [SkippableFact]
    public async Task An_inner_worker_that_stands_still_is_left_out_and_ends_well_when_it_goes_on()
    {
        // So slow that the stall time passes before the others have all of it from one another.
        using Cluster cluster = Prepare(rate: SlowMbit);
        MasterProcess master = await cluster.StartMasterAsync();
        Dictionary<int, Child> copies = cluster.StartCopies(Impatient);

        TreeReport report = await cluster.ReportAsync(r => Inner(r).Any(), Deadline);
        int victim = Cluster.ClientAt(Inner(report).MaxBy(r => r.Connections)!.Address);
        copies[victim].Signal(Signum.SIGSTOP);

        await ExpectRightAsync(cluster, copies.Where(c => c.Key != victim));
        Assert.Contains("stalled", master.Process.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("far more slowly", master.Process.Errors, StringComparison.Ordinal);
        copies[victim].Signal(Signum.SIGCONT);
        await ExpectRightAsync(cluster, copies.Where(c => c.Key == victim));
    }

    [SkippableFact]
    public async Task The_death_of_half_of_the_workers_leaves_the_others_whole()
    {
        using Cluster cluster = Prepare();
        await cluster.StartMasterAsync();
        Dictionary<int, Child> copies = cluster.StartCopies(Impatient);

        TreeReport report = await cluster.ReportAsync(r => Inner(r).Any(), Deadline);
        int[] victims = [.. Serving(report).OrderByDescending(r => r.Connections)
            .Select(r => Cluster.ClientAt(r.Address)).Distinct().Take(Nodes / 2)];
        Assert.Equal(Nodes / 2, victims.Length);
        foreach (int victim in victims)
        {
            copies[victim].Signal(Signum.SIGKILL);
        }

        await ExpectRightAsync(cluster, copies.Where(c => !victims.Contains(c.Key)));
        await ExpectResumesAsync(cluster, victims[0]);
    }

    [SkippableFact]
    public async Task A_master_that_dies_and_comes_back_at_its_port_is_found_again()
    {
        using Cluster cluster = Prepare();
        MasterProcess master = await cluster.StartMasterAsync();
        Dictionary<int, Child> copies = cluster.StartCopies(Impatient);

        await cluster.ReportAsync(r => Inner(r).Any(), Deadline);
        master.Process.Signal(Signum.SIGKILL);
        await master.Process.ExitAsync(Deadline);
        await cluster.StartMasterAsync();

        await ExpectRightAsync(cluster, copies);
    }

    [SkippableFact]
    public async Task Without_a_master_every_node_gives_up_after_its_retries_with_one_clear_line()
    {
        using Cluster cluster = Prepare();
        MasterProcess master = await cluster.StartMasterAsync();
        Dictionary<int, Child> copies = cluster.StartCopies(["--retries", "3", .. Impatient]);

        await cluster.ReportAsync(r => Inner(r).Any(), Deadline);
        master.Process.Signal(Signum.SIGKILL);

        foreach (Child copy in copies.Values)
        {
            await copy.ExpectExitAsync(1, Deadline);
            string line = OnlyComplaint(copy);
            Assert.Contains("master", line, StringComparison.OrdinalIgnoreCase);
        }

        Assert.All(copies.Keys, i => Assert.False(File.Exists(Path.Combine(cluster.Destination(i), "large"))));
    }

    [SkippableFact]
    public async Task A_master_that_was_never_there_is_one_clear_line()
    {
        using var cluster = new Cluster(1);
        Child copy = cluster.StartCopy(1, "--retries", "2");
        await copy.ExpectExitAsync(1, Deadline);
        Assert.Contains(NetworkLab.Address(0), OnlyComplaint(copy), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(Signum.SIGTERM)]
    [InlineData(Signum.SIGINT)]
    public async Task A_signal_ends_a_copy_promptly_and_the_next_run_resumes(Signum signal)
    {
        using Cluster cluster = Prepare(clients: 1);
        await cluster.StartMasterAsync();
        Child copy = cluster.StartCopy(1);

        await cluster.ReportAsync(r => Halfway(r).Any(), Deadline);
        copy.Signal(signal);

        await copy.ExpectExitAsync(128 + (int)signal, TimeSpan.FromSeconds(5));
        await ExpectResumesAsync(cluster, 1);
    }

    [SkippableFact]
    public async Task A_signal_ends_the_master_promptly_although_nodes_are_connected()
    {
        using Cluster cluster = Prepare(clients: 2);
        MasterProcess master = await cluster.StartMasterAsync();
        cluster.StartCopies();

        await cluster.ReportAsync(r => Halfway(r).Any(), Deadline);
        master.Process.Signal(Signum.SIGTERM);

        await master.Process.ExpectExitAsync(0, TimeSpan.FromSeconds(5));
    }

    private static Cluster Prepare(int clients = Nodes, int rate = RateMbit)
    {
        var cluster = new Cluster(clients, rate);
        cluster.Scratch.RandomFile("tree/large", Size);
        for (int i = 0; i < 20; i++)
        {
            cluster.Scratch.RandomFile($"tree/small/{i}", 1000 * i, i);
        }

        return cluster;
    }

    private static IEnumerable<TreeRoute> Large(TreeReport report) =>
        report.Routes.Where(r => r.Content.EndsWith("large", StringComparison.Ordinal));

    private static IEnumerable<TreeRoute> Serving(TreeReport report) => Large(report).Where(r => r.Address != "-");

    private static IEnumerable<TreeRoute> Halfway(TreeReport report) =>
        Large(report).Where(r => r.Progress is > 0.1 and < 0.6);

    // Workers that have children and are themselves in the middle.
    private static IEnumerable<TreeRoute> Inner(TreeReport report) =>
        Halfway(report).Where(r => r.Address != "-" && r.Connections > 0);

    private static async Task ExpectRightAsync(Cluster cluster, IEnumerable<KeyValuePair<int, Child>> copies)
    {
        foreach ((int client, Child copy) in copies)
        {
            await copy.ExpectExitAsync(0, Deadline);
            TreeWitness.ExpectSame(cluster.Tree, cluster.Destination(client));
        }
    }

    private static async Task ExpectResumesAsync(Cluster cluster, int client)
    {
        Child again = cluster.StartCopy(client);
        await again.ExpectExitAsync(0, Deadline);
        TreeWitness.ExpectSame(cluster.Tree, cluster.Destination(client));
        CopySummary summary = CopySummary.Find(again.Output)!;
        Assert.InRange(summary.Moved, 1, Size - (Size / 20));
    }

    private static string OnlyComplaint(Child copy) => Assert.Single(
        copy.Errors.Split('\n'), l => l.StartsWith("xget: ", StringComparison.Ordinal));
}
