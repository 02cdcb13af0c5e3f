using Xget.Cluster.Tests.Mounted;
using Xget.Lab;

namespace Xget.Cluster.Tests;

/// <summary>mount(8) with the helper, as an administrator uses it.</summary>
public sealed class MountHelperTests : IDisposable
{
    private readonly MountSite _site = new();
    private readonly MountLink _helper = new(MountLink.Helper);

    public void Dispose()
    {
        _site.Dispose();
        _helper.Dispose();
    }

    [SkippableFact]
    public async Task Mount_returns_when_the_tree_is_there_and_umount_ends_the_process()
    {
        SampleTree.AddSpecials(_site.Tree);
        _site.Scratch.RandomFile("tree/large", 3_000_000);
        await _site.StartMasterAsync();
        string at = _site.NewMountPoint();

        Assert.Equal((0, ""), Mount(at, _site.Cache));

        Assert.Equal((_site.Source, "fuse.xget"), (MountSite.Mounted(at)!.Value.Source, MountSite.Mounted(at)!.Value.Type));
        MountWitness.ExpectSame(_site.Tree, at);
        await MountSite.UnmountAsync(at);
    }

    [SkippableTheory]
    [InlineData("defaults", "ro", "nosuid", "nodev", "allow_other", "default_permissions")]
    [InlineData("ro", "ro", "nosuid", "nodev")]
    [InlineData("rw", "ro", "nosuid", "nodev")] // mount(8) says rw whenever ro was not said
    [InlineData("ro,_netdev,nofail,noauto,x-systemd.automount,x-systemd.mount-timeout=30,comment=why", "ro", "nosuid", "nodev")]
    [InlineData("allow_suid,allow_dev", "ro")] // a root file system
    [InlineData("defaults,allow_suid", "ro", "nodev")]
    [InlineData("noexec,nosuid,nodev,noatime,nosymfollow", "ro", "noexec", "nosuid", "nodev", "noatime", "nosymfollow")]
    [InlineData("noexec,exec,user,exec,suid,dev", "ro")]
    public async Task Options_as_in_fstab_do_what_they_do_elsewhere(string options, params string[] shown)
    {
        await ServeAsync();
        string at = _site.NewMountPoint();
        string table = _site.Scratch["fstab"];
        await File.WriteAllTextAsync(table, $"{_site.Source} {at} fuse.xget {options},{_site.Cache} 0 0\n");

        Assert.Equal((0, ""), MountSite.Run("mount", "--fstab", table, at));

        string[] flags = ["ro", "noexec", "nosuid", "nodev", "noatime", "nosymfollow", "rw"];
        string[] there = MountSite.Mounted(at)!.Value.Options;
        Assert.Empty(shown.Except(there));
        Assert.Equal(shown.Intersect(flags).Order(StringComparer.Ordinal), there.Intersect(flags).Order(StringComparer.Ordinal));
        Assert.Equal((0, ""), MountSite.Run("cmp", _site.Scratch["tree/file"], at + "/file"));
        await MountSite.UnmountAsync(at);
    }

    [SkippableTheory]
    [InlineData(1, "fish", "unknown mount option fish")]
    [InlineData(1, "cache_size=fish", "cache_size=fish: not SIZE")]
    [InlineData(1, "max_level=3", "--max-level")]
    [InlineData(32, "port=1,retries=0", "connection refused")]
    public async Task What_goes_wrong_is_one_line_and_mount_8_s_status(int status, string options, string line)
    {
        await ServeAsync();
        string at = _site.NewMountPoint();

        (int got, string errors) = MountSite.Run(
            "mount", "-t", "fuse.xget", "-o", $"{options},{_site.Cache}", options.StartsWith("port", StringComparison.Ordinal) ? "127.0.0.1:/" : _site.Source, at);

        Assert.Equal(status, got);
        Assert.StartsWith("xget: ", errors, StringComparison.Ordinal);
        Assert.Contains(line, errors, StringComparison.Ordinal);
        Assert.Single(errors.Split('\n'));
        Assert.Null(MountSite.Mounted(at));
        await MountSite.ExpectGoneAsync(at);
    }

    [SkippableFact]
    public async Task Fake_checks_everything_and_mounts_nothing()
    {
        await ServeAsync();
        string at = _site.NewMountPoint();

        Assert.Equal((0, ""), Mount(at, _site.Cache, "-f"));
        Assert.Equal(1, Mount(at, "fish", "-f").Status);
        Assert.Null(MountSite.Mounted(at));
        Assert.Empty(MountSite.Processes(at));
    }

    [SkippableFact]
    public async Task Sloppy_ignores_unknown_options()
    {
        await ServeAsync();
        string at = _site.NewMountPoint();

        Assert.Equal((0, ""), Mount(at, "fish," + _site.Cache, "-s"));

        await MountSite.UnmountAsync(at);
    }

    [SkippableFact]
    public async Task Verbose_tells_what_happens_and_lets_go_of_the_terminal_all_the_same()
    {
        await ServeAsync();
        string at = _site.NewMountPoint();

        // Two addresses, so that there is something to tell.
        (int status, string output, string errors) = Command.Try(
            "mount", ["-v", "-t", "fuse.xget", "-o", _site.Cache, "127.0.0.1:1," + _site.Source, at]);

        Assert.Equal(0, status);
        Assert.Contains("mounted, read-only", output, StringComparison.Ordinal);
        Assert.Contains("connection refused", errors, StringComparison.Ordinal);
        await MountSite.UnmountAsync(at);
    }

    [SkippableFact]
    public async Task Remount_changes_the_kernel_s_flags_and_refuses_rw()
    {
        await ServeAsync();
        string at = _site.NewMountPoint();
        Assert.Equal((0, ""), Mount(at, _site.Cache));
        IReadOnlyList<int> before = MountSite.Processes(at);

        Assert.Equal((0, ""), MountSite.Run("mount", "-o", "remount,noexec,noatime", at));
        Assert.Empty(new[] { "ro", "noexec", "noatime" }.Except(MountSite.Mounted(at)!.Value.Options));
        (int status, string errors) = MountSite.Run("mount", "-o", "remount,rw", at);

        Assert.Equal(1, status);
        Assert.Contains("only be read", errors, StringComparison.Ordinal);
        Assert.Contains("ro", MountSite.Mounted(at)!.Value.Options);
        Assert.Equal(before, MountSite.Processes(at));
        await MountSite.UnmountAsync(at);
    }

    [SkippableFact]
    public async Task Without_the_helper_mount_fuse3_calls_xget_from_the_path()
    {
        Prerequisite.Commands("mount.fuse3", "mount.fuse");
        _helper.Hide();
        await ServeAsync();
        string at = _site.NewMountPoint();
        using var link = new MountLink(MountLink.InPath);

        Assert.Equal((0, ""), Mount(at, _site.Cache));

        Assert.Contains("ro", MountSite.Mounted(at)!.Value.Options);
        Assert.Equal((0, ""), MountSite.Run("cmp", _site.Scratch["tree/file"], at + "/file"));
        await MountSite.UnmountAsync(at);
    }

    private async Task ServeAsync()
    {
        _site.Scratch.RandomFile("tree/file", 200_000);
        await _site.StartMasterAsync();
    }

    private (int Status, string Errors) Mount(string at, string options, params string[] letters) =>
        MountSite.Run("mount", ["-t", "fuse.xget", .. letters, "-o", options, _site.Source, at]);
}
