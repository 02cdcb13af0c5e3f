using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Mono.Unix.Native;
using Xget.Lab;

namespace Xget.Cluster.Tests;

/// <summary>Terminals that take nothing, streams that are closed, disks that are full, users without a name or a home.</summary>
public sealed class PoorSurroundingsTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly Scratch _scratch = new();
    private int _runs;

    public PoorSurroundingsTests()
    {
        Prerequisite.Xget();
        Prerequisite.Commands("bash");
        _scratch.NewDirectory("tree/sub");
        _scratch.RandomFile("tree/sub/file", 100_000);
        _scratch.RandomFile("tree/large", 30_000_000);
    }

    public void Dispose() => _scratch.Dispose();

    /// <summary>A script of bash, which becomes the program with what "$@" stands for.</summary>
    private Child Start(string script, params string[] arguments) =>
        Child.Start(_scratch[$"run-{++_runs}"], null, "bash", ["-c", script, _scratch["x"], XgetProgram.Path, .. arguments]);

    private async Task<string> RunAsync(int status, string script, params string[] arguments)
    {
        using Child run = Start(script, arguments);
        await run.ExpectExitAsync(status, Deadline);
        return run.Errors.TrimEnd('\n');
    }

    private string[] Serve(params string[] options) =>
        ["--bind", "127.0.0.1", "-p", "0", "--state", _scratch["state"], .. options, _scratch["tree"]];

    private static async Task<string> AddressAsync(Child master)
    {
        string line = await master.LineAsync(l => l.StartsWith("xget: serving", StringComparison.Ordinal), Deadline);
        return "127.0.0.1:" + Regex.Match(line, @":(\d+)$").Groups[1].Value;
    }

    private async Task ExpectServesAsync(string address)
    {
        string to = _scratch[$"to-{++_runs}"];
        await RunAsync(0, "exec \"$@\"", "-n", address, "--linger", "0", "-q", ".", to);
        TreeWitness.ExpectSame(_scratch["tree"], to);
    }

    [SkippableFact]
    public async Task A_console_that_takes_nothing_loses_lines_and_never_the_service()
    {
        // Each message is logged, which is many times what a pipe holds.
        using Child master = Start("mkfifo $0.fifo; exec 3<>$0.fifo; exec \"$@\" 2>&3", Serve("-D", "3"));
        string address = await AddressAsync(master);
        for (int i = 0; i < 3; i++)
            await ExpectServesAsync(address);
        master.Signal(Signum.SIGTERM);
        await master.ExpectExitAsync(0, TimeSpan.FromSeconds(10));
    }

    [SkippableFact]
    public async Task A_full_disk_under_the_outputs_does_not_end_the_master()
    {
        using Child master = Start("exec \"$@\" 2>/dev/full", Serve("-D", "3"));
        string address = await AddressAsync(master);
        await ExpectServesAsync(address);
        using MasterProcess other = await MasterProcess.StartAsync(_scratch["master"], _scratch["tree"]);
        string[] dial = ["tree", "--master", other.Address];
        Assert.Equal("xget: cannot write to the standard output: no space left on device", await RunAsync(1, "exec \"$@\" >/dev/full", dial));
        await RunAsync(0, "\"$@\" | true; exit ${PIPESTATUS[0]}", dial);
    }

    [SkippableFact]
    public async Task Streams_that_are_closed_become_no_other_files()
    {
        using Child master = Start("exec \"$@\" <&- >&- 2>&-", Serve("--log-file", _scratch["log"]));
        await master.UntilAsync(() => Directory.Exists($"/proc/{master.Pid}/fd") && File.Exists(_scratch["log"]) ? "yes" : null, Deadline);
        string Target(int descriptor) => new FileInfo($"/proc/{master.Pid}/fd/{descriptor}").LinkTarget ?? "";
        Assert.All(Enumerable.Range(0, 3), i => Assert.Equal("/dev/null", Target(i)));
        using MasterProcess other = await MasterProcess.StartAsync(_scratch["master"], _scratch["tree"]);
        await RunAsync(0, "exec \"$@\" <&- >&- 2>&-", "-n", other.Address, "--linger", "0", ".", _scratch["to"]);
        TreeWitness.ExpectSame(_scratch["tree"], _scratch["to"]);
    }

    [SkippableFact]
    public async Task Without_a_home_nothing_is_written_into_the_served_directory()
    {
        string program = await ForNobodyAsync();
        using Child master = Start($"cd ${{0%/x}}/tree; exec env -i setpriv --reuid 61234 --regid 61234 --clear-groups {program} \"${{@:2}}\"",
            "--bind", "127.0.0.1", "-p", "0", ".");
        await ExpectServesAsync(await AddressAsync(master));
        Assert.Equal(["large", "sub"], Directory.GetFileSystemEntries(_scratch["tree"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Contains("this user has no home directory (--state DIR says where to keep them)", master.Errors, StringComparison.Ordinal);
    }

    /// <summary>A copy of the program that any user may run, and a tree that one without a name owns.</summary>
    private async Task<string> ForNobodyAsync()
    {
        Prerequisite.Root();
        Prerequisite.Commands("setpriv");
        await RunAsync(0, "cp \"$1\" $0.xget; d=$0; while [[ $d != / ]]; do d=$(dirname $d); chmod o+x $d; done; chmod 755 $0.xget; chown -R 61234 ${0%/x}/tree");
        return _scratch["x.xget"];
    }

    [SkippableFact]
    public async Task A_name_that_is_not_UTF8_is_refused_rather_than_taken_for_another()
    {
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], _scratch["tree"]);
        string said = await RunAsync(2, "exec \"$@\" $0-caf$'\\xe9'", "-n", master.Address, "--linger", "0", ".");
        Assert.Matches(@"^xget: .*/x-caf\\xe9: not UTF-8, .*$", said);
        Assert.Empty(Directory.GetFileSystemEntries(_scratch.Root, "x-caf*"));
    }

    [SkippableFact]
    public async Task A_copy_serves_on_the_port_that_was_chosen_and_says_so_if_it_is_taken()
    {
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], _scratch["tree"]);
        int port;
        using (var taken = new TcpListener(IPAddress.Loopback, 0))
        {
            taken.Start();
            port = ((IPEndPoint)taken.LocalEndpoint).Port;
            Assert.Equal($"xget: cannot listen on 127.0.0.1:{port}: address already in use (--serve-port chooses another port)",
                await RunAsync(1, "exec \"$@\"", Copy(port)));
        }
        await RunAsync(0, "exec \"$@\"", Copy(port));

        string[] Copy(int own) =>
            ["-n", master.Address, "--bind", "127.0.0.1", "--serve-port", own.ToString(CultureInfo.InvariantCulture), "--linger", "0", "-q", ".", _scratch["to"]];
    }

    [SkippableFact]
    public async Task A_log_file_that_is_a_link_is_not_written_to()
    {
        File.CreateSymbolicLink(_scratch["log"], _scratch["target"]);
        string said = await RunAsync(1, "exec \"$@\"", Serve("--log-file", _scratch["log"]));
        Assert.Equal($"xget: cannot write the log file {_scratch["log"]}: is a symbolic link, which is not followed here", said);
        Assert.False(File.Exists(_scratch["target"]));
    }

    [SkippableFact]
    public async Task What_is_no_master_is_told_in_words()
    {
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();
        string address = $"127.0.0.1:{((IPEndPoint)mute.LocalEndpoint).Port}";
        Task<string> said = RunAsync(1, "exec \"$@\"", "stats", "--master", address);
        using Socket peer = await mute.AcceptSocketAsync();
        Assert.Equal($"xget: cannot reach the master at {address}: no answer within 10 s: is it an xget master, is a firewall between?", await said);
    }
}
