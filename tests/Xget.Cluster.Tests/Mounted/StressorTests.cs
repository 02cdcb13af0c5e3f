using System.Globalization;
using System.Text.RegularExpressions;
using Xget.Lab;
using Xunit.Abstractions;

namespace Xget.Cluster.Tests.Mounted;

/// <summary>
/// stress-ng(1), installed in the mounted tree and run in a chroot there. It asks for a directory that it may write to:
/// a tmpfs in the tree, so that the mount itself is what it reads, or an overlay above the mount. Each stressor ends
/// after so many operations of its own.
/// </summary>
public sealed partial class StressorTests(ITestOutputHelper output)
{
    private const string MakeRoot =
        """
        mkdir -p "$1"/{proc,dev,sys,tmp,data}
        cp --parents -L "$(command -v stress-ng)" $(ldd "$(command -v stress-ng)" | grep -o '/[^ )]*') "$1"
        """;

    // All mounts are in a namespace that goes with the last process.
    private const string RunThere =
        """
        exec unshare --mount --propagation private bash -euo pipefail -c '
          root=$1 work=$2 user=$3; shift 3
          mount -t tmpfs tmpfs "$work"
          if [[ $root == overlay:* ]]; then
            mkdir "$work"/{upper,work,merged}
            mount -t overlay overlay -o "lowerdir=${root#*:},upperdir=$work/upper,workdir=$work/work" "$work/merged"
            root=$work/merged
          else
            mount -t tmpfs tmpfs "$root/tmp"
          fi
          for d in proc dev sys; do mount --rbind "/$d" "$root/$d"; done
          exec chroot --userspec="$user" "$root" stress-ng --temp-path /tmp --metrics-brief "$@"
        ' bash "$@"
        """;

    private static readonly string[] Writing =
    [
        "touch new",
        "touch file",
        "echo more >>file",
        "truncate -s 1 file",
        "fallocate -p -l 4096 file",
        "mkdir new",
        "rm file",
        "rmdir directory",
        "mv -T file new",
        "ln file new",
        "ln -s file new",
        "mkfifo new",
        "mknod new c 1 3",
        "chmod 600 file",
        "chown 1:1 file",
        "setfattr -n user.new -v new file",
    ];

    [SkippableTheory]
    [InlineData("root:root", "getdent", "fstat", "dynlib", "open", "sysinfo", "get", "chroot", "handle")]
    [InlineData("65534:65534", "getdent", "dynlib", "sysinfo")]
    [InlineData("65534:65534", "exec")] // root must not, and it ends the others
    public async Task Stressors_that_only_read_run_on_the_mount(string user, params string[] stressors)
    {
        using MountLab lab = await PrepareAsync();
        MountedNode mount = await lab.MountAsync(1);

        await RunAsync(lab, mount.Directory, user,
            ["--fstat-dir", "/data/real", "--exec-max", "16", .. Each(stressors, MountSizes.StressorRounds)]);

        MountWitness.ExpectSame(lab.Tree, mount.Directory);
        await mount.UnmountAsync();
    }

    [SkippableFact]
    public async Task Stressors_that_write_run_on_an_overlay_above_the_mount_and_leave_the_mount_as_it_was()
    {
        using MountLab lab = await PrepareAsync();
        MountedNode mount = await lab.MountAsync(1);

        await RunAsync(lab, "overlay:" + mount.Directory, "root:root", Each(
            [
                "access", "chattr", "copy-file", "dentry", "dir", "dirdeep", "dirmany", "dnotify", "dup", "fanotify",
                "fcntl", "file-ioctl", "filename", "flock", "fstat", "getdent", "handle", "lease", "lockf", "lockofd", "mknod",
                "open", "readahead", "rename", "seek", "sendfile", "splice", "touch", "utime",
            ],
            MountSizes.StressorRounds / 10));

        MountWitness.ExpectSame(lab.Tree, mount.Directory);
        await mount.UnmountAsync();
    }

    [SkippableFact]
    public async Task What_writes_is_told_that_the_file_system_is_read_only()
    {
        using var lab = new MountLab(1, null, "fallocate", "setfattr");
        lab.Scratch.RandomFile("tree/file", 10_000);
        lab.Scratch.NewDirectory("tree/directory");
        await lab.StartMasterAsync();
        MountedNode mount = await lab.MountAsync(1);

        foreach (string script in Writing)
        {
            await lab.Start("cd $1; " + script, mount.Directory).ExpectErrorAsync("Read-only file system", MountSizes.ScriptDeadline);
        }

        MountWitness.ExpectSame(lab.Tree, mount.Directory);
        await mount.UnmountAsync();
    }

    private static async Task<MountLab> PrepareAsync()
    {
        var lab = new MountLab(1, null, "stress-ng", "unshare", "chroot");
        await lab.RunAsync(MakeRoot, lab.Tree);
        SampleTree.AddRealFiles(lab.Scratch["tree/data/real"], 200);
        lab.Scratch.NewDirectory("work");
        await lab.StartMasterAsync();
        return lab;
    }

    private async Task RunAsync(MountLab lab, string root, string user, params string[] options)
    {
        Child child = lab.Start(RunThere, [root, lab.Scratch["work"], user, .. options]);
        await child.ExpectExitAsync(0, MountSizes.ScriptDeadline);
        // Who cannot do anything says so, and the rest goes on.
        string said = child.Output + child.Errors;
        Assert.DoesNotContain("skipping", said, StringComparison.Ordinal);
        Assert.DoesNotContain("fail:", said, StringComparison.Ordinal);
        output.WriteLine("operations: " + string.Join(", ", Operations().Matches(said).Select(m => m.Result("$1 $2"))));
    }

    // Two workers for each, all at the same time; but one of those whose workers share a directory that the first to end
    // removes, whoever still begins in it (stress-ng 0.15: one run of 200 failed so without a mount).
    private static string[] Each(string[] stressors, int rounds) => [.. stressors.SelectMany(
        s => new[] { $"--{s}", s is "chattr" or "fcntl" ? "1" : "2", $"--{s}-ops", rounds.ToString(CultureInfo.InvariantCulture) })];

    // The lines of --metrics-brief: name, operations, three times, two rates.
    [GeneratedRegex(@"\] (\S+) +(\d+)(?: +\d+\.\d+){5}$", RegexOptions.Multiline)]
    private static partial Regex Operations();
}
