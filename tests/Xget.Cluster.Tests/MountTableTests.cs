using Xget.Lab;

namespace Xget.Cluster.Tests;

/// <summary>Mounts that stand in a table: fstab(5), the units that systemd makes of it, an automounter's map.</summary>
public sealed class MountTableTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly MountSite _site = new("unshare");
    private MountLink? _helper;

    // mount(8) believes only /etc/fstab when an ordinary user calls it, and takes HOME from what it calls; /dev/fuse is
    // for everybody, as udev makes it.
    private const string MountAsUser =
        """
        scratch=$1 at=$2
        mount --bind "$scratch/fstab" /etc/fstab
        sed "s#^nobody:.*#nobody:x:65534:65534::$scratch/home:/bin/sh#" /etc/passwd >"$scratch/passwd"
        mount --bind "$scratch/passwd" /etc/passwd
        mknod -m 666 "$scratch/fuse" c 10 229
        mount --bind "$scratch/fuse" /dev/fuse
        as() { local user=$1; shift; setpriv --reuid="$user" --regid=65534 --clear-groups "$@"; }
        as 65534 mount "$at"
        as 65534 cmp "$scratch/tree/file" "$at/file"
        grep " $at " /proc/self/mounts
        ! as 65533 ls "$at" || exit 3
        ! as 65533 umount "$at" || exit 4
        as 65534 umount "$at"
        ! grep " $at " /proc/self/mounts || exit 5
        """;

    // timeout(1) gives it a process group of its own, which matters: it answers by itself what comes from that group.
    // What waits for it in vain is killed, and so is what still serves then.
    private const string MountByAutomounter =
        """
        scratch=$1
        timeout -s KILL 50 automount -f -d -p "$scratch/pid" "$scratch/auto.master" 2> "$scratch/automount.log" &
        trap 'kill -9 $(cat "$scratch/pid") $(pgrep -f " $scratch/auto/") 2>/dev/null' EXIT
        until [[ -s $scratch/pid ]] && grep -q " $scratch/auto autofs " /proc/self/mounts; do sleep 0.02; done
        soon() { timeout -s KILL 15 "$@"; }
        mounted() { grep -c " $scratch/auto/[a-z]* fuse.xget " /proc/self/mounts || true; }
        ready() { grep -c "st_ready():" "$scratch/automount.log" || true; }
        expire() { # what is not used goes. The automounter aborts if it is told to expire before it is ready again.
          for _ in {1..5}; do
            local times=$(ready)
            kill -USR1 $(cat "$scratch/pid")
            until (( $(ready) > times )); do kill -0 $(cat "$scratch/pid"); sleep 0.02; done
            [[ $(mounted) != 0 ]] || return 0
          done
          return 6
        }
        for round in first second; do
          soon cmp "$scratch/tree/sub/file" "$scratch/auto/images/sub/file"
          soon cmp "$scratch/tree/sub/file" "$scratch/auto/sub/file"
          soon test ! -e "$scratch/auto/missing"
          [[ $(mounted) == 2 ]]
          echo "mounted the $round time"
          expire
        done
        soon cmp "$scratch/tree/sub/file" "$scratch/auto/sub/file"
        kill $(cat "$scratch/pid")
        wait $!
        trap - EXIT
        [[ $(mounted) == 0 ]]
        """;

    public void Dispose()
    {
        _site.Dispose();
        _helper?.Dispose();
    }

    [SkippableFact]
    public async Task All_lines_but_noauto_are_mounted_by_mount_a_and_each_one_by_its_directory_or_its_source()
    {
        await ServeAsync();
        _helper = new MountLink(MountLink.Helper);
        (string network, string sub, string later, string gone) =
            (_site.NewMountPoint(), _site.NewMountPoint(), _site.NewMountPoint(), _site.NewMountPoint());
        string table = await WriteTableAsync(
            $"{_site.Source} {network} fuse.xget ro,_netdev,nofail,x-systemd.automount,x-systemd.idle-timeout=60,{_site.Cache} 0 0",
            $"{_site.Source}sub {sub} fuse.xget defaults,{_site.Cache} 0 0",
            $"{_site.Source}later {later} fuse.xget noauto,{_site.Cache} 0 0");

        Assert.Equal((0, ""), MountSite.Run("mount", "-T", table, "-a", "-O", "_netdev"));
        Assert.Equal((true, false, false), (IsThere(network), IsThere(sub), IsThere(later)));
        Assert.Equal((0, ""), MountSite.Run("mount", "-T", table, "-a"));
        Assert.Equal((0, ""), MountSite.Run("mount", "-T", table, "-a")); // what is mounted stays as it is
        Assert.Equal((true, true, false), (IsThere(network), IsThere(sub), IsThere(later)));
        Assert.Single(MountSite.Processes(network));

        Assert.Equal((0, ""), MountSite.Run("cmp", _site.Scratch["tree/sub/file"], sub + "/file"));
        await MountSite.UnmountAsync(network);
        Assert.Equal((0, ""), MountSite.Run("umount", _site.Source + "sub"));
        await MountSite.ExpectGoneAsync(sub);
        Assert.Equal((0, ""), MountSite.Run("mount", "-T", table, _site.Source + "later"));
        Assert.True(IsThere(later));
        await MountSite.UnmountAsync(later);
        Assert.Equal((0, ""), MountSite.Run("mount", "-T", table, later));
        await MountSite.UnmountAsync(later);

        // A master that is away does not keep the others from being mounted.
        table = await WriteTableAsync(
            $"127.0.0.1:1:/ {gone} fuse.xget ro,_netdev,nofail,retries=0,{_site.Cache} 0 0",
            $"{_site.Source} {network} fuse.xget ro,_netdev,nofail,{_site.Cache} 0 0");
        (int status, string errors) = MountSite.Run("mount", "-T", table, "-a");
        Assert.Contains("connection refused", Assert.Single(errors.Split('\n')), StringComparison.Ordinal);
        Assert.Equal(64, status); // mount(8): some succeeded
        Assert.Equal((true, false), (IsThere(network), IsThere(gone)));
        await MountSite.UnmountAsync(network);
    }

    [SkippableFact]
    public async Task A_line_with_user_lets_an_ordinary_user_mount_and_only_this_one_unmount()
    {
        Prerequisite.Commands("fusermount3", "setpriv");
        await ServeAsync();
        string at = _site.NewMountPoint();
        // The program may lie where only root can go.
        string program = _site.Scratch.NewDirectory("home") + "/xget";
        File.Copy(XgetProgram.Path, program);
        _helper = new MountLink(MountLink.Helper, program);
        Command.Run("chown", "-R", "65534:65534", _site.Scratch["home"], at);
        await WriteTableAsync($"{_site.Source} {at} fuse.xget ro,noauto,user 0 0");

        string said = await RunInOwnNamespaceAsync(MountAsUser, _site.Scratch.Root, at);

        Assert.Contains("user_id=65534", said, StringComparison.Ordinal);
        Assert.True(Directory.Exists(_site.Scratch["home/.cache/xget"]));
        await MountSite.ExpectGoneAsync(at);
    }

    [SkippableFact]
    public async Task An_automounter_mounts_at_first_use_what_its_map_says_and_unmounts_what_is_not_used()
    {
        Prerequisite.Commands("automount", "timeout", "pgrep");
        await ServeAsync();
        _helper = new MountLink(MountLink.Helper);
        string map = await File.ReadAllTextAsync(MountSite.Packaging("examples/auto.xget"));
        await File.WriteAllTextAsync(_site.Scratch["auto.xget"], map
            .Replace(@"head\:", _site.Master.Address.Replace(":", @"\:", StringComparison.Ordinal) + @"\:", StringComparison.Ordinal)
            .Replace(",ro ", $",ro,{_site.Cache} ", StringComparison.Ordinal));
        await File.WriteAllTextAsync(_site.Scratch["auto.master"],
            $"{_site.Scratch.NewDirectory("auto")} {_site.Scratch["auto.xget"]} --timeout=600\n");

        string said = await RunInOwnNamespaceAsync(MountByAutomounter, _site.Scratch.Root);

        Assert.Contains("mounted the second time", said, StringComparison.Ordinal);
        await MountSite.ExpectGoneAsync(_site.Scratch["auto/images"]);
        await MountSite.ExpectGoneAsync(_site.Scratch["auto/sub"]);
    }

    [SkippableFact]
    public void Systemd_finds_no_fault_in_the_units_that_are_kept_as_examples_and_makes_the_same_of_fstab()
    {
        const string Generator = "/lib/systemd/system-generators/systemd-fstab-generator";
        Prerequisite.Commands("systemd-analyze");
        string units = _site.Scratch.NewDirectory("units");
        string examples = MountSite.Packaging("examples");

        Assert.Equal((0, ""), MountSite.Run("systemd-analyze", "verify", "--man=no",
            examples + "/mnt-images.mount", examples + "/mnt-images.automount"));
        Assert.Equal((0, ""), MountSite.Run("env", $"SYSTEMD_FSTAB={examples}/fstab", Generator, units, units, units));

        Assert.Equal((0, ""), MountSite.Run("systemd-analyze", "verify", "--man=no",
            units + "/mnt-images.mount", units + "/mnt-root.automount", units + "/mnt-data.mount"));
        // Wanted and not required, after the network, and not at all by the line with noauto.
        Assert.Equal(["mnt-images.mount", "mnt-root.automount"],
            Directory.GetFiles(units + "/remote-fs.target.wants").Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.False(Directory.Exists(units + "/remote-fs.target.requires"));
        Assert.Contains("Type=fuse.xget\n", File.ReadAllText(units + "/mnt-root.mount"), StringComparison.Ordinal);
    }

    private static bool IsThere(string at) => MountSite.Mounted(at) is { Type: "fuse.xget" };

    private async Task<string> RunInOwnNamespaceAsync(string script, params string[] arguments)
    {
        using Child child = Child.Start(_site.Scratch["script"], null, "unshare",
            ["--mount", "--propagation", "private", "bash", "-euo", "pipefail", "-c", script, "bash", .. arguments]);
        await child.ExpectExitAsync(0, Deadline);
        return child.Output;
    }

    private async Task<string> WriteTableAsync(params string[] lines)
    {
        await File.WriteAllTextAsync(_site.Scratch["fstab"], string.Concat(lines.Select(l => l + "\n")));
        return _site.Scratch["fstab"];
    }

    private async Task ServeAsync()
    {
        _site.Scratch.RandomFile("tree/file", 200_000, 1);
        _site.Scratch.RandomFile("tree/sub/file", 100_000, 2);
        _site.Scratch.RandomFile("tree/later/file", 1000, 3);
        await _site.StartMasterAsync();
    }
}
