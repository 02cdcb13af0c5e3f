using System.Diagnostics;
using Mono.Unix.Native;
using Xget.Lab;

namespace Xget.Cluster.Tests.Mounted;

/// <summary>The master dies under a mount, and comes back with the same tree or another one.</summary>
public sealed class MasterLossTests
{
    private const int Size = 20_000_000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_cached_stays_readable_the_rest_is_EIO_in_time_and_all_works_again_when_the_master_returns(bool otherTree)
    {
        using var lab = new MountLab(2);
        string cached = lab.Scratch.RandomFile("tree/cached", Size, 1);
        string fresh = lab.Scratch.RandomFile("tree/fresh", Size, 2);
        lab.Scratch.RandomFile("tree/replaced", Size, 3);
        lab.Scratch.RandomFile("tree/removed", 1000, 4);
        MasterProcess master = await lab.StartMasterAsync();
        MountedNode hasty = await lab.MountAsync(1, $"timeout={Limit.TotalSeconds}");
        MountedNode patient = await lab.MountAsync(2, "timeout=120");
        foreach (MountedNode mount in (MountedNode[])[hasty, patient])
        {
            await lab.RunAsync("""ls -lR "$1" """, mount.Directory);
            await lab.RunAsync(ReadingScripts.Compare, cached, mount["cached"]);
        }

        master.Process.Signal(Signum.SIGKILL);
        await master.Process.ExitAsync(Deadline);
        Child waiting = lab.Start(ReadingScripts.Compare, fresh, patient["fresh"]);
        await lab.RunAsync(ReadingScripts.Forget, hasty["cached"]);
        await lab.RunAsync(ReadingScripts.Compare, cached, hasty["cached"]);
        await lab.RunAsync("""ls -lR "$1" """, hasty.Directory);
        long started = Stopwatch.GetTimestamp();
        await lab.Start(ReadingScripts.Read, hasty["fresh"]).ExpectErrorAsync("Input/output error", Deadline);
        Assert.True(Stopwatch.GetElapsedTime(started) >= Limit, "EIO came before timeout= was over");
        Assert.False(waiting.HasExited, waiting.Story);

        if (otherTree)
        {
            lab.Scratch.RandomFile("tree/replaced", Size, 5);
            lab.Scratch.RandomFile("tree/added", 1000, 6);
            File.Delete(lab.Scratch["tree/removed"]);
        }

        await lab.StartMasterAsync();

        await waiting.ExpectExitAsync(0, Deadline);
        foreach (MountedNode mount in (MountedNode[])[hasty, patient])
        {
            await lab.RunAsync("""until [[ -e $1 && ! -e $2 ]]; do sleep 0.1; done""",
                mount[otherTree ? "added" : "fresh"], mount[otherTree ? "removed" : "none"]);
            await lab.RunAsync(ReadingScripts.CompareUntilSame, fresh, mount["fresh"]);
            MountWitness.ExpectSame(lab.Tree, mount.Directory);
            await mount.UnmountAsync();
        }
    }
}
