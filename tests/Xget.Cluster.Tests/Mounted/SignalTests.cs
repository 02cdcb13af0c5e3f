using System.Globalization;
using Mono.Unix.Native;
using Xget.Lab;
using Xunit.Abstractions;

namespace Xget.Cluster.Tests.Mounted;

/// <summary>SIGHUP to the master, again and again, on a machine that is busy.</summary>
public sealed class SignalTests(ITestOutputHelper output)
{
    private const int Nodes = 2;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private const string KeepBusy = """while true; do :; done""";
    private const string ReadAll = """while true; do find "$1" -type f -exec cat {} + >/dev/null 2>&1 || true; done""";

    // The new names, none of the old ones, the new bytes, and a listing that agrees.
    private const string Follow =
        """
        shows() {
          [[ -e $1/added-$2 && ! -e $1/added-$3 && -d $1/deep/dir-$2 && ! -e $1/deep/dir-$3 ]] \
            && [[ $(cat "$1/deep/number" 2>/dev/null) == "$2" && $(echo "$1"/added-*) == "$1/added-$2" ]]
        }
        until shows "$1" "$2" "$3"; do sleep 0.02; done
        """;

    [SkippableFact]
    public async Task Each_generation_that_a_signal_publishes_is_followed_under_load()
    {
        using var lab = new MountLab(Nodes);
        lab.Scratch.RandomFile("tree/unchanged", 4_000_000, 1);
        Change(lab, 0);
        MasterProcess master = await lab.StartMasterAsync();
        MountedNode[] mounts = await lab.MountAllAsync();
        Child[] load = [lab.Start(KeepBusy), lab.Start(KeepBusy), .. mounts.Select(m => lab.Start(ReadAll, m.Directory))];
        TimeSpan slowest = TimeSpan.Zero;

        for (int i = 1; i <= MountSizes.Signals; i++)
        {
            Change(lab, i);
            long started = TimeProvider.System.GetTimestamp();
            master.Process.Signal(Signum.SIGHUP);
            Child[] follow = [.. mounts.Select(m => lab.Start(Follow, m.Directory, Text(i), Text(i - 1)))];
            foreach (Child follows in follow)
            {
                await follows.ExpectExitAsync(0, Deadline);
            }

            TimeSpan took = TimeProvider.System.GetElapsedTime(started);
            slowest = took > slowest ? took : slowest;
        }

        output.WriteLine($"{MountSizes.Signals} generations followed by {Nodes} mounts, the slowest within {slowest.TotalMilliseconds:F0} ms");
        Array.ForEach(load, l => l.Dispose());
    }

    [SkippableFact]
    public async Task A_master_that_was_started_with_nohup_publishes_by_a_signal_as_any_other()
    {
        Prerequisite.Xget();
        Prerequisite.Commands("nohup");
        using var scratch = new Scratch();
        scratch.RandomFile("tree/file", 1000);
        using Child master = Child.Start(scratch["master"], null, "nohup",
            XgetProgram.Path, "--bind", "127.0.0.1", "-p", "0", "--state", scratch["state"], scratch["tree"]);
        await master.LineAsync(l => l.Contains("xget: serving", StringComparison.Ordinal), Deadline);

        scratch.RandomFile("tree/added", 1000);
        master.Signal(Signum.SIGHUP);

        await master.LineAsync(l => l.Contains("generation 2: 2 files", StringComparison.Ordinal), Deadline);
    }

    // Renamed into place, so that who still reads the old generation misses a file but reads no mixture.
    private static void Change(MountLab lab, int number)
    {
        string made = lab.Scratch["made"];
        File.WriteAllText(made, Text(number));
        Directory.CreateDirectory(lab.Scratch["tree/deep/dir-" + Text(number)]);
        File.Move(made, lab.Scratch["tree/deep/number"], overwrite: true);
        lab.Scratch.RandomFile("tree/added-" + Text(number), 100_000, number);
        if (number > 0)
        {
            File.Delete(lab.Scratch["tree/added-" + Text(number - 1)]);
            Directory.Delete(lab.Scratch["tree/deep/dir-" + Text(number - 1)]);
        }
    }

    private static string Text(int number) => number.ToString("D4", CultureInfo.InvariantCulture);
}
