using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Xget.Interop.Tests.Original;
using Xget.Lab;

namespace Xget.Interop.Tests;

/// <summary>Debian's 9P2000.L command line clients, diodls and diodcat, against our master.</summary>
public sealed partial class DiodClientTests : IAsyncLifetime, IDisposable
{
    private readonly Scratch _scratch = new();
    private MasterProcess _master = null!;
    private string _tree = "";

    public async Task InitializeAsync()
    {
        if (File.Exists(XgetProgram.Path))
        {
            _tree = SmallTree.Make(_scratch);
            _master = await MasterProcess.StartAsync(_scratch["master"], _tree);
        }
    }

    public Task DisposeAsync()
    {
        _master?.Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _scratch.Dispose();

    [SkippableTheory]
    [InlineData("")]
    [InlineData("sizes")]
    [InlineData("deep/er")]
    [InlineData("empty")]
    public void The_plain_tree_is_listed_as_find_sees_the_directory(string directory)
    {
        string[] expected = Command.Run(
            "find", Path.Combine(_tree, directory), "-mindepth", "1", "-maxdepth", "1", "-printf", "%M %u %g %s %f\\n")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);

        string[] listed = [.. Ls("plain", "-l", directory).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(Entry).Where(e => e.Split(' ')[^1] is not ("." or ".."))];

        Assert.Equal(Sorted(expected), Sorted(listed));
    }

    [SkippableFact]
    public void A_listing_shows_the_time_of_the_file()
    {
        string line = Assert.Single(
            Ls("plain", "-l", "").Split('\n'), l => l.EndsWith(" img", StringComparison.Ordinal));
        string shown = Command.Run("date", "-d", "@1234567890", "+%b %e %H:%M").Trim();
        string withYear = Command.Run("date", "-d", "@1234567890", "+%b %e  %Y").Trim();
        Assert.True(line.Contains(shown, StringComparison.Ordinal) || line.Contains(withYear, StringComparison.Ordinal), line);
    }

    [SkippableFact]
    public void Every_file_of_the_plain_tree_is_read_byte_for_byte()
    {
        foreach (string path in SmallTree.Files(_tree))
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(_tree, path)), Cat("plain", path));
        }
    }

    [SkippableFact]
    public void Every_file_of_the_paper_s_tree_has_its_bytes_and_its_Adler_32()
    {
        foreach (string path in SmallTree.Files(_tree))
        {
            byte[] bytes = File.ReadAllBytes(Path.Combine(_tree, path));
            Assert.Equal(bytes, Cat("", path + "/data"));
            Assert.Equal(
                Adler.Of(bytes).ToString(CultureInfo.InvariantCulture),
                Encoding.ASCII.GetString(Cat("", path + "/checksum")));
            Assert.Equal("me"u8.ToArray(), Cat("", path + "/redir"));
        }
    }

    [SkippableFact]
    public void A_file_of_the_paper_s_tree_is_a_directory_of_its_four_files()
    {
        string[] listed = [.. Ls("", "-l", "img").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Entry)];
        long size = new FileInfo(Path.Combine(_tree, "img")).Length;
        string[] kinds = [.. listed.Select(e => e.Split(' ')[0] + " " + e.Split(' ')[^1])
            .Where(e => !e.EndsWith('.'))];
        Assert.Equal(
            ["-r--r--r-- checksum", "-r--r--r-- redir", "-rw----r-- data", "-rw-rw-rw- avail"],
            kinds.Order(StringComparer.Ordinal));
        Assert.Contains(listed, e => e.EndsWith($" {size} data", StringComparison.Ordinal));
    }

    [SkippableFact]
    public void The_root_of_the_paper_s_tree_shows_the_exported_names_and_log()
    {
        string[] names = [.. Ls("", "").Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(n => n is not ("." or ".."))];
        string[] expected = ["deep", "empty", "grün", "img", "log", "sizes", "two words"];
        Assert.Subset(names.Select(Utf8).ToHashSet(), expected.ToHashSet());
    }

    [SkippableTheory]
    [InlineData("plain", "missing")]
    [InlineData("plain", "img/data")]
    [InlineData("", "img/missing")]
    [InlineData("no-such-export", "img")]
    public void What_is_not_there_is_an_error_at_the_client(string aname, string path)
    {
        Needs();
        (int status, string output, string errors) = Command.Try("diodcat", ["-s", _master.Address, "-a", aname, path]);
        Assert.NotEqual(0, status);
        Assert.Empty(output);
        Assert.NotEmpty(errors);
    }

    private static void Needs()
    {
        Prerequisite.Xget();
        Prerequisite.Root();
        Prerequisite.Commands("diodls", "diodcat");
    }

    private string Ls(string aname, params string[] arguments)
    {
        Needs();
        string[] given = [.. arguments.Where(a => a.Length > 0)];
        return Command.Run("diodls", ["-s", _master.Address, "-a", aname, .. given]);
    }

    private byte[] Cat(string aname, string path)
    {
        Needs();
        string output = Command.Run("diodcat", "-s", _master.Address, "-a", aname, path);
        return Encoding.Latin1.GetBytes(output);
    }

    // "-rw----r--.    2 12 34      3000000 Feb 13 23:31 img" -> "-rw----r-- 12 34 3000000 img"
    private static string Entry(string line)
    {
        Match m = LongLine().Match(line);
        Assert.True(m.Success, line);
        return $"{m.Groups["mode"]} {m.Groups["user"]} {m.Groups["group"]} {m.Groups["size"]} {m.Groups["name"]}";
    }

    // Each file system has its own idea of the size of a directory; diodls shows links as files.
    private static string[] Sorted(IEnumerable<string> entries) =>
        [.. entries.Select(e => e[0] switch { 'd' => WithoutSize(e), 'l' => "-" + e[1..], _ => e }).Order(StringComparer.Ordinal)];

    private static string WithoutSize(string entry)
    {
        string[] words = entry.Split(' ');
        words[3] = "-";
        return string.Join(' ', words);
    }

    private static string Utf8(string latin1) =>
        Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(latin1));

    [GeneratedRegex(
        @"^(?<mode>\S{10})\.?\s+\d+ (?<user>\S+)\s+(?<group>\S+)\s+(?<size>\d+) "
        + @"\w{3} [ \d]\d\s+[\d:]{4,5} (?<name>.*)$")]
    private static partial Regex LongLine();
}
