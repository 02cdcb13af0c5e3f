using System.Globalization;
using Mono.Unix.Native;
using Xget.Cluster.Tests.Mounted;
using Xget.Lab;

namespace Xget.Cluster.Tests;

/// <summary><c>xget mount</c>: the same without mount(8), and the process that it leaves behind.</summary>
public sealed class MountCommandTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private readonly MountSite _site = new();

    public void Dispose() => _site.Dispose();

    [SkippableFact]
    public async Task It_returns_when_the_tree_is_there()
    {
        SampleTree.AddSpecials(_site.Tree);
        await _site.StartMasterAsync();
        string at = _site.NewMountPoint();

        Assert.Equal((0, ""), Mount(at));

        MountWitness.ExpectSame(_site.Tree, at);
        await MountSite.UnmountAsync(at);
    }

    [SkippableFact]
    public async Task The_process_holds_nothing_of_its_caller()
    {
        await ServeAsync();
        string at = _site.NewMountPoint();
        Directory.CreateDirectory(_site.Scratch["lock"]);

        Assert.Equal((0, ""), MountSite.Run("sh", "-c",
            """cd "$1/lock"; exec 9>"$1/lock/file"; exec "$2" mount -o "$3" "$4" "$5" """,
            "sh", _site.Scratch.Root, XgetProgram.Path, _site.Cache, _site.Source, at));

        string process = $"/proc/{Assert.Single(MountSite.Processes(at))}";
        string[] held = [.. Directory.GetFiles(process + "/fd").Select(f => new FileInfo(f).LinkTarget ?? "")];
        Assert.All(Enumerable.Range(0, 3), i => Assert.Equal("/dev/null", new FileInfo($"{process}/fd/{i}").LinkTarget));
        Assert.DoesNotContain(held, f => f.Contains("lock", StringComparison.Ordinal));
        Assert.Equal("/", new FileInfo(process + "/cwd").LinkTarget);
        // Fields after the name in parentheses: state, parent, group, session, terminal.
        string[] stat = (await File.ReadAllTextAsync(process + "/stat")).Split(") ")[^1].Split(' ');
        Assert.Equal((Path.GetFileName(process), "0"), (stat[3], stat[4]));
        await MountSite.UnmountAsync(at);
    }

    [SkippableTheory]
    [InlineData(Signum.SIGTERM)]
    [InlineData(Signum.SIGINT)]
    public async Task A_signal_to_the_process_unmounts(Signum signal)
    {
        await ServeAsync();
        string at = _site.NewMountPoint();
        Assert.Equal((0, ""), Mount(at));

        _ = Syscall.kill(Assert.Single(MountSite.Processes(at)), signal);

        await MountSite.ExpectGoneAsync(at);
        Assert.Null(MountSite.Mounted(at));
    }

    [SkippableTheory]
    [InlineData(Signum.SIGINT)]
    [InlineData(Signum.SIGHUP)]
    public async Task In_the_foreground_it_logs_to_stderr_and_unmounts_when_told_to_end(Signum signal)
    {
        await ServeAsync();
        string at = _site.NewMountPoint();
        using Child mount = Child.Start(
            _site.Scratch["foreground"], null, XgetProgram.Path, "mount", "-f", "-o", _site.Cache, _site.Source, at);
        await mount.LineAsync(l => l.Contains("mounted " + _site.Source, StringComparison.Ordinal), Deadline);
        Assert.NotNull(MountSite.Mounted(at));

        mount.Signal(signal);

        await mount.ExpectExitAsync(0, Deadline);
        Assert.Null(MountSite.Mounted(at));
    }

    [SkippableFact]
    public async Task A_sub_directory_can_be_mounted_alone()
    {
        SampleTree.AddSpecials(_site.Scratch["tree/sub/dir"]);
        _site.Scratch.RandomFile("tree/outside", 1000);
        await _site.StartMasterAsync();
        string at = _site.NewMountPoint();

        Assert.Equal((0, ""), MountSite.Xget("mount", _site.Source + "sub/dir", at, "-o", _site.Cache));

        Assert.Equal(_site.Source + "sub/dir", MountSite.Mounted(at)!.Value.Source);
        MountWitness.ExpectSame(_site.Scratch["tree/sub/dir"], at);
        await MountSite.UnmountAsync(at);
    }

    [SkippableFact]
    public async Task Masters_are_tried_in_turn()
    {
        await ServeAsync();
        string at = _site.NewMountPoint();
        string source = $"no-such-host.invalid,127.0.0.1:1,[::1]:1,{_site.Source}";

        Assert.Equal((0, ""), MountSite.Xget("mount", source, at, "-o", "retries=0," + _site.Cache));

        Assert.Equal(source, MountSite.Mounted(at)!.Value.Source);
        Assert.Equal((0, ""), MountSite.Run("cmp", _site.Scratch["tree/file"], at + "/file"));
        await MountSite.UnmountAsync(at);
    }

    [SkippableFact]
    public async Task What_one_mount_has_fetched_another_one_with_the_same_cache_has()
    {
        const int Size = 5_000_000;
        _site.Scratch.RandomFile("tree/large", Size);
        await _site.StartMasterAsync();
        (string first, string second) = (_site.NewMountPoint(), _site.NewMountPoint());
        Assert.Equal((0, ""), Mount(first));
        Assert.Equal((0, ""), MountSite.Run("cmp", _site.Scratch["tree/large"], first + "/large"));
        Assert.InRange(Figure(first, "bytes-from-master"), Size, Size * 2);

        Assert.Equal((0, ""), Mount(second));
        Assert.Equal((0, ""), MountSite.Run("cmp", _site.Scratch["tree/large"], second + "/large"));

        Assert.InRange(Figure(second, "bytes-from-master"), 0, Size / 10);
        await MountSite.UnmountAsync(first);
        await MountSite.UnmountAsync(second);
    }

    [SkippableFact]
    public async Task With_bg_it_goes_on_in_the_background_until_there_is_a_master()
    {
        await ServeAsync();
        _site.Master.Dispose();
        string at = _site.NewMountPoint();

        (int status, string errors) = Mount(at, "bg,retries=0");

        Assert.Equal(0, status);
        Assert.Contains("in the background", Assert.Single(errors.Split('\n')), StringComparison.Ordinal);
        Assert.Null(MountSite.Mounted(at));
        Assert.Single(MountSite.Processes(at));
        await _site.StartMasterAsync();
        await MountSite.UntilAsync(() => MountSite.Mounted(at) is not null, "never mounted");
        Assert.Equal((0, ""), MountSite.Run("cmp", _site.Scratch["tree/file"], at + "/file"));
        await MountSite.UnmountAsync(at);
    }

    [SkippableFact]
    public async Task With_retry_it_waits_for_a_master_and_ends_when_nobody_waits_any_more()
    {
        await ServeAsync();
        _site.Master.Dispose();
        string at = _site.NewMountPoint();
        using Child waits = StartMount("waits", at, "retry=5,retries=0");
        using Child killed = StartMount("killed", at, "retry=5,retries=0");
        await waits.UntilAsync(() => MountSite.Processes(at).Count == 4 ? "two and their daemons" : null, Deadline);

        killed.Signal(Signum.SIGKILL);
        await killed.ExitAsync(Deadline);
        await waits.UntilAsync(() => MountSite.Processes(at).Count == 2 ? "only the other two" : null, Deadline);
        await _site.StartMasterAsync();

        await waits.ExpectExitAsync(0, Deadline);
        Assert.Equal((0, ""), MountSite.Run("cmp", _site.Scratch["tree/file"], at + "/file"));
        await MountSite.UnmountAsync(at);
    }

    [SkippableFact]
    public async Task Interrupted_while_it_waits_it_says_so_and_leaves_nothing_behind()
    {
        await ServeAsync();
        _site.Master.Dispose();
        string at = _site.NewMountPoint();
        using Child waits = StartMount("waits", at, "retry=5,retries=0");
        await waits.UntilAsync(() => MountSite.Processes(at).Count == 2 ? "it and its daemon" : null, Deadline);

        waits.Signal(Signum.SIGINT);

        await waits.ExpectExitAsync(32, Deadline);
        Assert.Equal("xget: interrupted\n", waits.Errors);
        Assert.Empty(MountSite.Processes(at));
    }

    [SkippableTheory]
    [InlineData(1, "rw", "SOURCE", "DIR", "rw: ")]
    [InlineData(1, "fish", "SOURCE", "DIR", "unknown mount option fish")]
    [InlineData(1, "ro", "127.0.0.1", "DIR", "127.0.0.1: not a source")]
    [InlineData(32, "ro", "SOURCE", "DIR/missing", "no such directory")]
    [InlineData(32, "ro", "SOURCE", "/dev/null", "not a directory")]
    [InlineData(32, "ro", "SOURCEmissing", "DIR", "/missing: no such directory on the master")]
    [InlineData(32, "ro", "SOURCEfile", "DIR", "/file: not a directory on the master")]
    [InlineData(32, "retries=0", "127.0.0.1:1:/", "DIR", "cannot reach the master at 127.0.0.1:1: connection refused")]
    [InlineData(32, "retries=0", "no-such-host.invalid:/", "DIR", "unknown host: no-such-host.invalid")]
    [InlineData(2, "log=/no/such/directory/log", "SOURCE", "DIR", "cannot write the log file")]
    [InlineData(32, "cache=/no/such/directory/cache", "SOURCE", "DIR", "/no/such/directory/cache")]
    [InlineData(32, "bind=192.0.2.1", "SOURCE", "DIR", "cannot listen on 192.0.2.1:0")]
    [InlineData(32, "retries=0,advertise=192.0.2.1", "SOURCE", "DIR", "cannot reach the master")]
    public async Task What_goes_wrong_is_one_line_and_a_status(int status, string options, string source, string directory, string line)
    {
        await ServeAsync();
        string at = _site.NewMountPoint();

        (int got, string errors) = MountSite.Xget("mount", "-o", $"{_site.Cache},{options}",
            source.Replace("SOURCE", _site.Source, StringComparison.Ordinal), directory.Replace("DIR", at, StringComparison.Ordinal));

        Assert.True(got == status, $"{got}: {errors}");
        Assert.StartsWith("xget: ", Assert.Single(errors.Split('\n')), StringComparison.Ordinal);
        Assert.Contains(line, errors, StringComparison.Ordinal);
        Assert.Null(MountSite.Mounted(at));
        await MountSite.ExpectGoneAsync(at);
    }

    [SkippableFact]
    public void A_wrong_command_line_is_status_1_as_with_mount_8()
    {
        Assert.Equal(1, MountSite.Xget("mount", "only-one").Status);
        Assert.Equal(1, MountSite.Xget("mount", "--no-such-option", "a:/", "/mnt").Status);
    }

    [SkippableFact]
    public async Task The_same_source_is_not_mounted_twice_on_one_directory()
    {
        await ServeAsync();
        string at = _site.NewMountPoint();
        Assert.Equal((0, ""), Mount(at));

        (int status, string errors) = Mount(at);

        Assert.Equal(32, status);
        Assert.Contains("already mounted", Assert.Single(errors.Split('\n')), StringComparison.Ordinal);
        await MountSite.UnmountAsync(at);
    }

    [SkippableFact]
    public async Task Stats_shows_the_figures_of_a_mount_and_refuses_what_is_none()
    {
        await ServeAsync();
        string at = _site.NewMountPoint();
        Assert.Equal((0, ""), Mount(at));

        string stats = Command.Run(XgetProgram.Path, "stats", at);
        Assert.All(stats.Split('\n', StringSplitOptions.RemoveEmptyEntries), l => Assert.Matches(@"^[a-z-]+ \d+$", l));
        Assert.Contains("cache-bytes ", stats, StringComparison.Ordinal);
        (int status, string errors) = MountSite.Xget("stats", _site.Scratch.Root);
        Assert.Equal((1, $"xget: {_site.Scratch.Root}: not the mount point of an xget mount"), (status, errors));
        Assert.Equal(2, MountSite.Xget("stats").Status);
        await MountSite.UnmountAsync(at);
    }

    [SkippableFact]
    public async Task It_logs_into_a_file_and_at_the_master()
    {
        await ServeAsync();
        string at = _site.NewMountPoint();

        Assert.Equal((0, ""), Mount(at, $"name=the-node,log={_site.Scratch["log"]}"));
        await MountSite.UnmountAsync(at);

        string[] log = await File.ReadAllLinesAsync(_site.Scratch["log"]);
        Assert.Contains(log, l => l.EndsWith($"INF the-node: mounted {_site.Source} on {at}", StringComparison.Ordinal));
        await _site.Master.Process.LineAsync(
            l => l.Contains("the-node: mounted", StringComparison.Ordinal), Deadline);
    }

    [SkippableFact]
    public async Task An_ordinary_user_mounts_through_fusermount3()
    {
        Prerequisite.Commands("fusermount3", "setpriv");
        using var device = new OpenDevice();
        await ServeAsync();
        string at = _site.NewMountPoint();
        (string[] user, string program, string home) = OrdinaryUser(at);

        Assert.Equal((0, ""), MountSite.Run("setpriv", [.. user, program, "mount", _site.Source, at]));

        Assert.Empty(new[] { "ro", "nosuid", "nodev", "user_id=65534" }.Except(MountSite.Mounted(at)!.Value.Options));
        Assert.Equal("fuse.xget", MountSite.Mounted(at)!.Value.Type);
        Assert.Equal((0, ""), MountSite.Run("setpriv", [.. user, "cmp", _site.Scratch["tree/file"], at + "/file"]));
        Assert.True(Directory.Exists(home + "/.cache/xget"));
        Assert.Equal((0, ""), MountSite.Run("setpriv", [.. user, "fusermount3", "-u", at]));
        await MountSite.ExpectGoneAsync(at);
        Assert.Null(MountSite.Mounted(at));
    }

    [SkippableTheory]
    [InlineData("/no/such/home", "this user has no home directory, where the cache would be: say where with -o cache=DIR")]
    [InlineData("/proc", "cannot make /proc/.cache for the cache: no such file or directory (-o cache=DIR names another place)")]
    public async Task A_user_who_has_no_place_for_the_cache_is_told_to_name_one(string home, string words)
    {
        Prerequisite.Commands("setpriv");
        await ServeAsync();
        string at = _site.NewMountPoint();
        (string[] user, string program, _) = OrdinaryUser(at);

        Assert.Equal((2, $"xget: {words}"), MountSite.Run("setpriv", [.. user, "HOME=" + home, program, "mount", _site.Source, at]));
    }

    /// <summary>What runs a program as an ordinary user, the program where he can run it, and his home.</summary>
    private (string[] User, string Program, string Home) OrdinaryUser(string mountPoint)
    {
        string home = _site.Scratch.NewDirectory("home");
        string program = home + "/xget"; // the one under test may lie where only root can go
        File.Copy(XgetProgram.Path, program);
        Command.Run("chown", "-R", "65534:65534", home, mountPoint);
        return (["--reuid=65534", "--regid=65534", "--clear-groups", "env", "XDG_CACHE_HOME=", "HOME=" + home], program, home);
    }

    [SkippableFact]
    public void Install_puts_program_helper_and_man_page_where_they_belong()
    {
        string root = _site.Scratch.NewDirectory("root");

        Command.Run("env", "XGET=" + XgetProgram.Path, MountSite.Packaging("install"), root);

        Assert.Equal((0, ""), MountSite.Run("cmp", XgetProgram.Path, root + "/usr/bin/xget"));
        Assert.Equal("/usr/bin/xget", new FileInfo(root + "/sbin/mount.fuse.xget").LinkTarget);
        Assert.Equal((0, ""), MountSite.Run("cmp", MountSite.Packaging("mount.fuse.xget.8"), root + "/usr/share/man/man8/mount.fuse.xget.8"));
    }

    /// <summary>/dev/fuse as udev makes it, for everybody; containers often leave that out.</summary>
    private sealed class OpenDevice : IDisposable
    {
        private const string Device = "/dev/fuse";
        private readonly FilePermissions _before;

        public OpenDevice()
        {
            Assert.Equal(0, Syscall.stat(Device, out Stat stat));
            _before = stat.st_mode & FilePermissions.ALLPERMS;
            Assert.Equal(0, Syscall.chmod(Device, FilePermissions.DEFFILEMODE));
        }

        public void Dispose() => _ = Syscall.chmod(Device, _before);
    }

    private async Task ServeAsync()
    {
        _site.Scratch.RandomFile("tree/file", 200_000);
        await _site.StartMasterAsync();
    }

    private (int Status, string Errors) Mount(string at, string options = "ro") =>
        MountSite.Xget("mount", "-o", $"{_site.Cache},{options}", _site.Source, at);

    private Child StartMount(string name, string at, string options) => Child.Start(
        _site.Scratch[name], null, XgetProgram.Path, "mount", "-o", $"{_site.Cache},{options}", _site.Source, at);

    private static long Figure(string directory, string name)
    {
        string line = Command.Run(XgetProgram.Path, "stats", directory).Split('\n').First(l => l.StartsWith(name + " ", StringComparison.Ordinal));
        return long.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture);
    }
}
