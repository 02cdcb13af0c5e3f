using System.Diagnostics;

namespace Xget.Mount.Tests.Running;

/// <summary>Who asks.</summary>
public sealed class CallerTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("xget-caller-");

    public void Dispose() => _directory.Delete(recursive: true);

    /// <summary>Whether a program of that name is a viewer while it runs.</summary>
    private bool IsViewer(string name)
    {
        string program = Path.Combine(_directory.FullName, name);
        File.CreateSymbolicLink(program, "/bin/cat");
        using Process process = Process.Start(new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        process.StandardInput.WriteLine("ready");
        process.StandardInput.Flush();
        Assert.Equal("ready", process.StandardOutput.ReadLine());
        bool viewer = Caller.IsViewer((uint)process.Id);
        process.StandardInput.Close();
        process.WaitForExit();
        return viewer;
    }

    [Theory]
    [InlineData("getfattr", true)]
    [InlineData("cp", false)]
    [InlineData("rsync", false)]
    [InlineData("tar", false)]
    [InlineData("getfattr-all", false)]
    public void Getfattr_shows_attributes_and_all_others_copy_them(string name, bool expected) => Assert.Equal(expected, IsViewer(name));

    [Theory]
    [InlineData(0u)]
    [InlineData(uint.MaxValue)]
    public void Nobody_can_tell_what_another_namespaces_or_a_past_process_is(uint pid) => Assert.False(Caller.IsViewer(pid));
}
