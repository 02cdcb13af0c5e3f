using System.Globalization;
using Xget.Lab;

namespace Xget.Cluster.Tests.Mounted;

/// <summary>The cache is damaged, between two mounts and under a mount, or its disk is full.</summary>
public sealed class CacheTroubleTests
{
    private const int LargeSize = 24_000_000;

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_cache_that_was_damaged_between_two_mounts_gives_no_wrong_byte(int seed)
    {
        using MountLab lab = await PrepareAsync();
        await ReadAllAsync(lab, await lab.MountAsync(1));

        new CacheVandal(lab.Cache(1), seed).DamageAll();
        long before = lab.MasterSent;
        await ReadAllAsync(lab, await lab.MountAsync(1));

        Assert.True(lab.MasterSent > before + 50_000, "nothing was fetched again, so nothing was damaged");
    }

    [SkippableTheory]
    [InlineData("verify=once")]
    [InlineData("verify=always")]
    public async Task A_complete_cache_that_is_damaged_before_the_first_read_of_a_new_mount_is_fetched_again(string verify)
    {
        using MountLab lab = await PrepareAsync();
        await ReadAllAsync(lab, await lab.MountAsync(1));
        long before = lab.MasterSent;
        MountedNode mount = await lab.MountAsync(1, verify, "timeout=20");

        new CacheVandal(lab.Cache(1), seed: 4).FlipAll();
        MountWitness.ExpectSame(lab.Tree, mount.Directory);

        Assert.True(lab.MasterSent > before + 50_000, "nothing was fetched again, so nothing was damaged");
        await mount.UnmountAsync();
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task With_verify_always_a_cache_that_is_damaged_under_the_mount_gives_no_wrong_byte(int seed)
    {
        using MountLab lab = await PrepareAsync();
        MountedNode mount = await lab.MountAsync(1, "verify=always", "timeout=20");
        MountWitness.ExpectSame(lab.Tree, mount.Directory);
        // One file is held open and damaged more than once.
        Child reader = lab.Start(
            """
            exec 3<"$2"
            while [[ ! -e $3 ]]; do cmp "$1" /proc/self/fd/3; dd if="$2" iflag=nocache count=0 status=none; done
            """,
            lab.Scratch["tree/large"], mount["large"], lab.Scratch["enough"]);

        var vandal = new CacheVandal(lab.Cache(1), seed);
        for (int round = 0; round < 3; round++)
        {
            vandal.FlipAll();
            await ForgetAllAsync(lab, mount);
            MountWitness.ExpectSame(lab.Tree, mount.Directory);
            vandal.DamageAll();
            await ForgetAllAsync(lab, mount);
            MountWitness.ExpectSame(lab.Tree, mount.Directory);
        }

        await File.WriteAllTextAsync(lab.Scratch["enough"], "");
        await reader.ExpectExitAsync(0, TimeSpan.FromSeconds(30));
        Assert.True(mount.Figure("cache-corrupt") > 0, "no damage was found, so there was none");
        await mount.UnmountAsync();
    }

    [SkippableTheory]
    [InlineData("size=8m")] // smaller than the large file
    [InlineData("size=64m,nr_inodes=12")] // no room for more files
    [InlineData("size=1m")] // full from the beginning
    public async Task A_cache_on_a_full_disk_costs_speed_and_no_byte(string disk)
    {
        using MountLab lab = await PrepareAsync();
        string cache = lab.Scratch.NewDirectory("disk");
        Command.Run("mount", "-t", "tmpfs", "-o", disk, "tmpfs", cache);
        MountedNode mount = await lab.MountAsync(1, "cache=" + cache, "timeout=20");

        MountWitness.ExpectSame(lab.Tree, mount.Directory);
        await lab.RunAsync("""dd if=/dev/zero of="$1" bs=64k status=none || true""", Path.Combine(cache, "filler"));
        await ForgetAllAsync(lab, mount);
        MountWitness.ExpectSame(lab.Tree, mount.Directory);
        await mount.UnmountAsync();
    }

    [SkippableFact]
    public async Task A_cache_keeps_below_its_size_limit_and_gives_no_wrong_byte()
    {
        const long Limit = 16 << 20;
        using MountLab lab = await PrepareAsync();
        MountedNode mount = await lab.MountAsync(1, string.Create(CultureInfo.InvariantCulture, $"cache_size={Limit >> 20}M"));

        MountWitness.ExpectSame(lab.Tree, mount.Directory);
        await ForgetAllAsync(lab, mount);
        MountWitness.ExpectSame(lab.Tree, mount.Directory);

        await lab.RunAsync(
            """until (( $(du -s --block-size=1 "$1" | cut -f1) <= $2 )); do sleep 0.1; done""",
            lab.Cache(1), string.Create(CultureInfo.InvariantCulture, $"{Limit + (Limit / 8)}"));
        await mount.UnmountAsync();
    }

    private static async Task<MountLab> PrepareAsync()
    {
        var lab = new MountLab(1);
        lab.Scratch.RandomFile("tree/large", LargeSize);
        for (int i = 0; i < 40; i++)
        {
            lab.Scratch.RandomFile(string.Create(CultureInfo.InvariantCulture, $"tree/some/{i}"), 1 << (i / 2), i);
        }

        await lab.StartMasterAsync();
        return lab;
    }

    private static async Task ReadAllAsync(MountLab lab, MountedNode mount)
    {
        MountWitness.ExpectSame(lab.Tree, mount.Directory);
        await mount.UnmountAsync();
    }

    // The kernel's own copies of the bytes go, so that the cache is asked again.
    private static Task<string> ForgetAllAsync(MountLab lab, MountedNode mount) => lab.RunAsync(
        """find "$1" -type f -exec dd if={} iflag=nocache count=0 status=none \;""", mount.Directory);
}
