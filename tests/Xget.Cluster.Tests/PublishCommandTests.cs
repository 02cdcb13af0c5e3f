using Mono.Unix.Native;
using Xget.Lab;

namespace Xget.Cluster.Tests;

/// <summary><c>xget publish</c>, SIGHUP and <c>--watch</c>, with the real program.</summary>
public sealed class PublishCommandTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly Scratch _scratch = new();
    private int _runs;

    public void Dispose() => _scratch.Dispose();

    [SkippableFact]
    public async Task It_waits_and_says_what_changed_or_why_it_failed()
    {
        Prerequisite.Xget();
        _scratch.RandomFile("tree/a", 1000);
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], _scratch["tree"]);
        Assert.Equal("nothing has changed\n", (await PublishAsync(0, master)).Output);
        _scratch.RandomFile("tree/b", 2000, 2);
        Assert.Equal("generation 2: 2 files, 3000 bytes; 1 changed (1 added, 0 removed, 0 in place): added b\n",
            (await PublishAsync(0, master)).Output);

        Directory.Move(_scratch["tree"], _scratch["aside"]);
        Child failed = await PublishAsync(1, master);
        Assert.Equal($"xget: not published: cannot publish {_scratch["tree"]}: no such file or directory\n", failed.Errors);
        Directory.Move(_scratch["aside"], _scratch["tree"]);
        Assert.Equal("nothing has changed\n", (await PublishAsync(0, master)).Output);
        master.Process.Signal(Signum.SIGHUP);
        await master.Process.UntilAsync(() => Times(master, "nothing has changed") == 3 ? "" : null, Deadline);
    }

    [SkippableFact]
    public async Task A_watched_link_that_is_switched_is_published_and_so_is_what_changes_behind_it()
    {
        Prerequisite.Xget();
        _scratch.RandomFile("v1/a", 1000);
        _scratch.RandomFile("v2/b", 1000);
        Directory.CreateSymbolicLink(_scratch["current"], "v1");
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], _scratch["current"], "--watch");
        Command.Run("sh", "-c", "ln -s v2 \"$1/new\" && mv -T \"$1/new\" \"$1/current\"", "sh", _scratch.Root);
        await master.Process.LineAsync(l => l.Contains("generation 2:", StringComparison.Ordinal)
            && l.EndsWith("removed a, added b", StringComparison.Ordinal), Deadline);
        _scratch.RandomFile("v2/c", 1000);
        await master.Process.LineAsync(l => l.Contains("generation 3:", StringComparison.Ordinal)
            && l.EndsWith("added c", StringComparison.Ordinal), Deadline);
    }

    [SkippableFact]
    public async Task A_state_directory_that_cannot_be_written_is_said_once_and_it_serves()
    {
        Prerequisite.Xget();
        _scratch.RandomFile("tree/a", 1000);
        using MasterProcess master = await MasterProcess.StartAsync(
            _scratch["master"], _scratch["tree"], "--state", _scratch["tree/a"] + "/below");
        await PublishAsync(0, master);
        Assert.Equal(1, Times(master, "digests are not kept over a restart"));
    }

    private static int Times(MasterProcess master, string text) => master.Process.Errors.Split(text).Length - 1;

    private Task<Child> PublishAsync(int status, MasterProcess master) => RunAsync(status, "publish", "--master", master.Address);

    private async Task<Child> RunAsync(int status, params string[] arguments)
    {
        using Child child = Child.Start(_scratch[$"run-{++_runs}"], null, XgetProgram.Path, arguments);
        await child.ExpectExitAsync(status, Deadline);
        return child; // its outputs are files, which stay
    }
}
