using System.Text.RegularExpressions;
using Xget.Lab;

namespace Xget.Cluster.Tests;

/// <summary>The command line as a user meets it: a master and one client on this machine's loopback address.</summary>
public sealed partial class CommandLineTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private readonly Scratch _scratch = new();
    private int _runs;

    public void Dispose() => _scratch.Dispose();

    [SkippableTheory]
    [InlineData("{0}:{1}")]
    [InlineData("{0}!{1}")]
    [InlineData("tcp!{0}!{1}")]
    [InlineData("localhost:{1}")]
    public async Task A_master_is_named_in_each_of_the_usual_ways(string form)
    {
        string tree = Tree();
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], tree);
        string name = string.Format(null, form, master.Host, master.Port);

        await RunAsync(0, "-n", name, ".", _scratch["to"]);

        TreeWitness.ExpectSame(tree, _scratch["to"]);
    }

    [SkippableFact]
    public async Task The_port_can_be_an_option_of_its_own()
    {
        string tree = Tree();
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], tree);

        await RunAsync(0, "-n", master.Host, "-p", $"{master.Port}", ".", _scratch["to"]);

        TreeWitness.ExpectSame(tree, _scratch["to"]);
    }

    [SkippableFact]
    public async Task IPv6_works_like_IPv4()
    {
        string tree = Tree();
        using MasterProcess master = await MasterProcess.StartInAsync(null, "::1", _scratch["master"], tree);

        await RunAsync(0, "-n", $"[::1]:{master.Port}", ".", _scratch["to"]);

        TreeWitness.ExpectSame(tree, _scratch["to"]);
    }

    [SkippableFact]
    public async Task Only_what_is_named_is_copied()
    {
        string tree = Tree();
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], tree);

        await RunAsync(0, "-n", master.Address, "sub/deeper", "large", _scratch["to"]);

        string[] copied = [.. Directory.GetFiles(_scratch["to"], "*", SearchOption.AllDirectories)
            .Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal)];
        Assert.Equal(["inner", "large"], copied);
    }

    [SkippableFact]
    public async Task A_name_that_is_not_there_is_one_clear_line()
    {
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], Tree());

        Child copy = await RunAsync(1, "-n", master.Address, "sub/missing", _scratch["to"]);

        string line = Assert.Single(copy.Errors.Split('\n'), l => l.StartsWith("xget: ", StringComparison.Ordinal));
        Assert.Contains("sub/missing", line, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_single_file_is_served_and_copied_under_its_name()
    {
        Tree();
        string file = _scratch["tree/large"];
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], file);

        await RunAsync(0, "-n", master.Address, ".", _scratch["to"]);

        Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(_scratch["to/large"]));
        Assert.Single(Directory.GetFileSystemEntries(_scratch["to"]));
    }

    [SkippableTheory]
    [InlineData("-s")]
    [InlineData("-o")]
    public async Task Mode_and_owner_can_be_left_alone(string option)
    {
        string tree = Tree();
        Prerequisite.Root();
        Command.Run("sh", "-c", "chown 1234:5678 \"$1/large\"; chmod 4751 \"$1/large\"", "sh", tree);
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], tree);

        await RunAsync(0, option, "-n", master.Address, ".", _scratch["to"]);

        string[] got = Command.Run("stat", "-c", "%u %g %a", _scratch["to/large"]).Trim().Split(' ');
        Assert.Equal(["0", "0"], got[..2]);
        Assert.NotEqual("4751", got[2]);
        Assert.Equal(File.ReadAllBytes(_scratch["tree/large"]), File.ReadAllBytes(_scratch["to/large"]));
    }

    [SkippableFact]
    public async Task An_ordinary_user_gets_everything_but_the_owners()
    {
        string tree = Tree();
        Prerequisite.Root();
        Prerequisite.Commands("setpriv");
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], tree);
        string to = _scratch.NewDirectory("to");
        Command.Run("chown", "65534:65534", to);

        using Child copy = Child.Start(_scratch["copy"], null, "setpriv",
            "--reuid", "65534", "--regid", "65534", "--clear-groups", XgetProgram.Path, "-n", master.Address, ".", to);
        await copy.ExpectExitAsync(0, Deadline);

        Assert.Equal("65534", Command.Run("stat", "-c", "%u", Path.Combine(to, "large")).Trim());
        Command.Run("chown", "-hR", "0:0", to);
        TreeWitness.ExpectSame(tree, to);
    }

    [SkippableFact]
    public async Task The_done_file_appears_and_quiet_says_nothing()
    {
        string tree = Tree();
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], tree);

        Child copy = await RunAsync(
            0, "-q", "--done-file", _scratch["done"], "--linger", "0", "-n", master.Address, ".", _scratch["to"]);

        Assert.True(File.Exists(_scratch["done"]));
        Assert.Equal("", copy.Output + copy.Errors);
        TreeWitness.ExpectSame(tree, _scratch["to"]);
    }

    [SkippableFact]
    public async Task A_file_that_cannot_be_written_is_named_and_all_others_are_copied()
    {
        Prerequisite.Xget();
        string tree = Tree();
        File.WriteAllText(Path.Combine(tree, "blocked"), "x");
        Directory.CreateDirectory(_scratch["to/blocked/entry"]);
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], tree);

        Child copy = await RunAsync(
            1, "-q", "--done-file", _scratch["done"], "--linger", "0", "-n", master.Address, ".", _scratch["to"]);

        Assert.Contains("xget: blocked: a directory that is not empty stands where a file should be\n", copy.Errors, StringComparison.Ordinal);
        Assert.Matches(@"xget: copied \d+ files?; 1 entry could not be copied\n", copy.Errors);
        Assert.False(File.Exists(_scratch["done"]));
        File.Delete(Path.Combine(tree, "blocked"));
        Directory.Delete(_scratch["to/blocked"], recursive: true);
        Assert.Equal("", Command.Run("diff", "-r", "--no-dereference", tree, _scratch["to"]));
    }

    [SkippableFact]
    public async Task The_summary_adds_up()
    {
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], Tree());

        Child copy = await RunAsync(0, "-n", master.Address, ".", _scratch["to"]);

        CopySummary summary = CopySummary.Find(copy.Output)!;
        Assert.Equal(3, summary.Files);
        Assert.Equal(summary.Bytes, summary.Moved, summary.Bytes / 50);
        Assert.Equal(0, summary.FromWorkers);
        Assert.Equal(0, summary.Retries);
    }

    [SkippableFact]
    public async Task Stats_and_tree_can_be_read_while_a_node_serves()
    {
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], Tree());
        using Child node = Child.Start(_scratch["node"], null, XgetProgram.Path,
            "--name", "node-of-the-tree", "--linger", "30", "-n", master.Address, ".", _scratch["to"]);
        await node.UntilAsync(() => CopySummary.Find(node.Output), Deadline);

        string stats = (await RunAsync(0, "stats", "--master", master.Address)).Output;
        Assert.All(stats.Split('\n', StringSplitOptions.RemoveEmptyEntries), l => Assert.Matches(StatsLine(), l));
        Assert.NotEmpty(stats);
        Assert.Equal(0, (await RunAsync(0, "tree", "--master", master.Address)).Errors.Length);
        string dot = (await RunAsync(0, "tree", "--dot", "--master", master.Address)).Output;
        Assert.StartsWith("digraph", dot, StringComparison.Ordinal);
        Assert.Equal(dot.Count(c => c == '{'), dot.Count(c => c == '}'));
    }

    [SkippableFact]
    public async Task A_restarted_master_with_its_index_hashes_nothing_and_publishes_the_same_digest()
    {
        string tree = Tree();
        string state = _scratch.NewDirectory("state");
        string first;
        using (MasterProcess master = await MasterProcess.StartAsync(_scratch["first"], tree, "--state", state))
        {
            first = Digest(master.Process.Output);
        }

        using MasterProcess again = await MasterProcess.StartAsync(_scratch["again"], tree, "--state", state);
        Assert.Equal(first, Digest(again.Process.Output));
        using MasterProcess fresh = await MasterProcess.StartAsync(_scratch["fresh"], tree);
        Assert.Equal(first, Digest(fresh.Process.Output));
    }

    [SkippableFact]
    public async Task A_port_that_is_taken_is_one_clear_line()
    {
        string tree = Tree();
        using MasterProcess master = await MasterProcess.StartAsync(_scratch["master"], tree);

        Child second = await RunAsync(1, "--bind", "127.0.0.1", "-p", $"{master.Port}", "--state", _scratch["state"], tree);

        Assert.Single(second.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("in use", second.Errors, StringComparison.OrdinalIgnoreCase);
    }

    [SkippableTheory]
    [InlineData(2, "--no-such-option", "/tmp")]
    [InlineData(2, "-n", "127.0.0.1")]
    [InlineData(2, "-n", "127.0.0.1", ".")]
    [InlineData(2, "-p", "99999", "/tmp")]
    [InlineData(2, "-n", "a/b", ".", "/tmp/nowhere")]
    [InlineData(2, "--max-level", "fish", "/tmp")]
    [InlineData(2)]
    [InlineData(2, "")]
    [InlineData(2, "sum", "")]
    [InlineData(2, "--log-file", "", "/tmp")]
    [InlineData(2, "--linger", "NaN", "-n", "127.0.0.1", ".", "/tmp/nowhere")]
    [InlineData(2, "--linger", "-1", "-n", "127.0.0.1", ".", "/tmp/nowhere")]
    [InlineData(2, "tree", "-n", "127.0.0.1", "-p", "99999")]
    [InlineData(1, "mount", "127.0.0.1:/", "")]
    [InlineData(1, "--bind", "192.0.2.1", "-p", "0", "/tmp")]
    [InlineData(1, "--bind", "192.0.2.1", "-n", "127.0.0.1", ".", "/tmp/xget-nowhere")]
    [InlineData(1, "/no/such/directory")]
    [InlineData(1, "sum", "/no/such/file")]
    public async Task Wrong_usage_is_status_2_and_a_failed_job_status_1_with_a_line_on_stderr(
        int status, params string[] arguments)
    {
        Prerequisite.Xget();
        Child child = await RunAsync(status, arguments);
        Assert.StartsWith("xget: ", child.Errors, StringComparison.Ordinal);
        Assert.Equal(1, child.Errors.Count(c => c == '\n'));
    }

    [SkippableTheory]
    [InlineData("no such file or directory", "sum", "/no/such/file")]
    [InlineData("permission denied", "sum", "/proc")]
    [InlineData("no such file or directory", "--log-file", "/no/such/log", "/tmp")]
    public async Task What_the_system_refuses_is_told_in_its_words(string words, params string[] arguments)
    {
        Prerequisite.Xget();
        Child child = await RunAsync(1, arguments);
        Assert.Matches($"^xget: [^\n]*/[^\n]*: {words}\n$", child.Errors);
    }

    [SkippableTheory]
    [InlineData("--version")]
    [InlineData("--help")]
    public async Task Version_and_help_go_to_stdout(string option)
    {
        Prerequisite.Xget();
        Child child = await RunAsync(0, option);
        Assert.NotEmpty(child.Output);
        Assert.Empty(child.Errors);
        Assert.All(child.Output.Split('\n'), l => Assert.DoesNotContain("Exception", l, StringComparison.Ordinal));
    }

    private string Tree()
    {
        Prerequisite.Xget();
        _scratch.RandomFile("tree/large", 2_000_000);
        _scratch.RandomFile("tree/sub/small", 1000, 2);
        _scratch.RandomFile("tree/sub/deeper/inner", 5000, 3);
        _scratch.NewDirectory("tree/empty");
        Command.Run("ln", "-s", "large", _scratch["tree/link"]);
        return _scratch["tree"];
    }

    private async Task<Child> RunAsync(int status, params string[] arguments)
    {
        using Child child = Child.Start(_scratch[$"run-{++_runs}"], null, XgetProgram.Path, arguments);
        await child.ExpectExitAsync(status, Deadline);
        return child; // its outputs are files, which stay
    }

    private static string Digest(string output) => DigestInParentheses().Match(output).Groups[1].Value is { Length: 64 } digest
        ? digest
        : throw new InvalidOperationException("no digest in " + output);

    [GeneratedRegex(@"generation \d+ \(([0-9a-f]{64})\)")]
    private static partial Regex DigestInParentheses();

    [GeneratedRegex(@"^\S+ \S+$")]
    private static partial Regex StatsLine();
}
