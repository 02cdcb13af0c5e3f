using System.Diagnostics;
using Mono.Unix.Native;
using Xget.Lab;
using Xunit.Abstractions;

namespace Xget.Cluster.Tests.Mounted;

/// <summary>Mounting and unmounting, over and over, without a network, and after the process was killed.</summary>
public sealed class LifecycleTests(ITestOutputHelper output)
{
    private const int Size = 8_000_000;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private const string ReadOn =
        """while [[ -e $1/large ]]; do find "$1" -type f -exec cat {} + >/dev/null 2>&1 || true; echo round; done""";

    [SkippableFact]
    public async Task Cycles_of_mount_and_unmount_under_load_leave_nothing_behind()
    {
        using var lab = new MountLab(2);
        lab.Scratch.RandomFile("tree/large", Size);
        for (int i = 0; i < 50; i++)
        {
            lab.Scratch.RandomFile($"tree/small/{i}", 3000, i);
        }

        MasterProcess master = await lab.StartMasterAsync();
        MountedNode stays = await lab.MountAsync(2);
        Child load = lab.Start(ReadOn, stays.Directory);
        await CycleAsync(lab, 0);
        await CycleAsync(lab, 1);
        await CycleAsync(lab, 2);
        (int descriptors, int threads) master1 = MountedNode.Held(master.Process.Pid);
        (int descriptors, int threads) stays1 = stays.Held();

        for (int i = 0; i < MountSizes.Cycles; i++)
        {
            await CycleAsync(lab, i);
        }

        Assert.False(load.HasExited, load.Story);
        load.Signal(Signum.SIGKILL);
        await load.ExitAsync(Deadline);
        // The pool of threads may have grown by a few; one for each mount would be a leak.
        (int descriptors, int threads) master2 = MountedNode.Held(master.Process.Pid);
        (int descriptors, int threads) stays2 = stays.Held();
        output.WriteLine($"{MountSizes.Cycles} mounts came and went; descriptors and threads of the master {master1} before, {master2} after, "
            + $"of a mount that stayed {stays1} and {stays2}");
        Assert.InRange(master2.descriptors, 0, master1.descriptors + 10);
        Assert.InRange(master2.threads, 0, master1.threads + 10);
        Assert.InRange(stays2.descriptors, 0, stays1.descriptors + 10);
        Assert.InRange(stays2.threads, 0, stays1.threads + 10);
        await UnmountWhenIdleAsync(lab, stays);
        await stays.ExpectGoneAsync();
        Assert.DoesNotContain(lab.Scratch.Root, await File.ReadAllTextAsync("/proc/self/mounts"), StringComparison.Ordinal);
        await master.Process.UntilAsync(
            () => lab.Report().Routes.Count == 0 ? "nobody" : null, Deadline);
    }

    [SkippableTheory]
    [InlineData("umount")]
    [InlineData("SIGTERM")]
    public async Task Without_a_network_a_mount_with_waiting_readers_ends_within_five_seconds(string way)
    {
        using var lab = new MountLab(1);
        lab.Scratch.RandomFile("tree/large", Size);
        lab.Scratch.RandomFile("tree/other", Size, 2);
        await lab.StartMasterAsync();
        MountedNode mount = await lab.MountAsync(1, "timeout=300");
        await lab.RunAsync("""head -c 1000 "$1" >/dev/null""", mount["large"]);
        lab.SetLink(1, up: false);
        Child reader = lab.Start(ReadingScripts.Read, mount["other"]);
        await reader.UntilItWaitsAsync(Deadline);

        long started = Stopwatch.GetTimestamp();
        if (way == "umount")
        {
            (int status, _, string errors) = Command.Try("umount", [mount.Directory]);
            Assert.True(status == 32 && errors.Contains("busy", StringComparison.Ordinal), errors);
            reader.Signal(Signum.SIGKILL);
            await reader.ExitAsync(MountedNode.UnmountDeadline);
            await mount.UnmountAsync();
        }
        else
        {
            mount.Daemon.Signal(Signum.SIGTERM);
            await mount.ExpectGoneAsync();
            Assert.NotEqual(0, await reader.ExitAsync(MountedNode.UnmountDeadline));
        }

        Assert.True(Stopwatch.GetElapsedTime(started) < MountedNode.UnmountDeadline, "unmounting took too long");
    }

    [SkippableFact]
    public async Task After_its_process_was_killed_a_mount_says_ENOTCONN_and_the_next_one_trusts_nothing_unseen()
    {
        using var lab = new MountLab(1);
        string large = lab.Scratch.RandomFile("tree/large", Size);
        await lab.StartMasterAsync();
        MountedNode killed = await lab.MountAsync(1);
        await lab.RunAsync(ReadingScripts.Compare, large, killed["large"]);

        killed.Daemon.Signal(Signum.SIGKILL);
        await killed.Daemon.ExitAsync(Deadline);
        await lab.Start("""exec ls "$1" """, killed.Directory)
            .ExpectErrorAsync("Transport endpoint is not connected", Deadline);
        await lab.RunAsync("""umount "$1" """, killed.Directory);
        Assert.False(killed.IsMounted);

        new CacheVandal(lab.Cache(1), 1).FlipAll();
        long before = lab.MasterSent;
        MountedNode next = await lab.MountAsync(1);
        MountWitness.ExpectSame(lab.Tree, next.Directory);
        // Three bits were flipped: what was right is kept, what was not is fetched again.
        Assert.InRange(lab.MasterSent - before, 1, Size / 2);
        await next.UnmountAsync();
    }

    // One mount, read while it goes away in one of three ways.
    private static async Task CycleAsync(MountLab lab, int number)
    {
        MountedNode mount = await lab.MountAsync(1);
        Child reader = lab.Start(ReadOn, mount.Directory);
        await reader.LineAsync(l => l == "round", Deadline);
        switch (number % 3)
        {
            case 0: // umount(8), as soon as nobody uses it
                reader.Signal(Signum.SIGKILL);
                await reader.ExitAsync(Deadline);
                await UnmountWhenIdleAsync(lab, mount);
                break;
            case 1: // out of the tree at once, and gone with its last user
                await lab.RunAsync("""umount -l "$1" """, mount.Directory);
                break;
            default: // the process is asked to end
                mount.Daemon.Signal(Signum.SIGTERM);
                break;
        }

        await mount.ExpectGoneAsync();
        await reader.ExitAsync(Deadline);
        Directory.Delete(mount.Directory);
    }

    // The commands of a script that was killed live for a moment more.
    private static Task<string> UnmountWhenIdleAsync(MountLab lab, MountedNode mount) =>
        lab.RunAsync("""until umount "$1" 2>/dev/null; do sleep 0.02; done""", mount.Directory);
}
