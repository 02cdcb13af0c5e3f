using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Mono.Unix.Native;
using Xget.Cluster.Tests.Mounted;
using Xget.Lab;

namespace Xget.Cluster.Tests;

/// <summary>
/// A master on this machine's loopback address and what is mounted from it, the mount points side by side in one scratch
/// directory. Everything is unmounted, ended and removed on Dispose.
/// </summary>
internal sealed class MountSite : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private MasterProcess? _master;
    private int _made;

    /// <summary>Nothing runs yet.</summary>
    public MountSite(params string[] commands)
    {
        Prerequisite.Root();
        Prerequisite.Xget();
        Prerequisite.Commands(["mount", "umount", "find", "diff", "getfattr", "setcap", .. commands]);
        MountPrerequisite.FuseDevice();
    }

    public Scratch Scratch { get; } = new();

    /// <summary>What the master serves.</summary>
    public string Tree => Scratch["tree"];

    /// <summary>The master, once it runs.</summary>
    public MasterProcess Master => _master!;

    /// <summary>The whole tree.</summary>
    public string Source => Master.Address + ":/";

    /// <summary>A file of packaging/ in the source tree.</summary>
    public static string Packaging(string name, [CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../packaging", name));

    /// <summary>Starts the master; a second one on the same port if the first was stopped.</summary>
    public async Task<MasterProcess> StartMasterAsync()
    {
        string[] port = _master is null ? [] : ["-p", string.Create(CultureInfo.InvariantCulture, $"{_master.Port}")];
        return _master = await MasterProcess.StartAsync(Scratch[$"master-{++_made}"], Tree, port);
    }

    /// <summary>An empty directory to mount on.</summary>
    public string NewMountPoint() => Scratch.NewDirectory($"mount-{++_made}");

    /// <summary>The option that names a cache of this test's own.</summary>
    public string Cache => "cache=" + Scratch["cache"];

    /// <summary>Runs xget; its exit status and what it wrote to stderr.</summary>
    public static (int Status, string Errors) Xget(params string[] arguments) => Run(XgetProgram.Path, arguments);

    /// <summary>
    /// Runs a command; its exit status and what it wrote to stderr. It ends when nobody holds its outputs any more, so a
    /// daemon that keeps one of them fails the test.
    /// </summary>
    public static (int Status, string Errors) Run(string file, params string[] arguments)
    {
        (int status, string output, string errors) = Command.Try(file, arguments);
        Assert.Equal("", output);
        return (status, errors.Trim());
    }

    /// <summary>The fields of /proc/mounts for what is mounted there, if anything is: source, type, options.</summary>
    public static (string Source, string Type, string[] Options)? Mounted(string directory)
    {
        foreach (string line in File.ReadLines("/proc/self/mounts"))
        {
            if (line.Split(' ') is [var source, var at, var type, var options, ..] && at == directory)
            {
                return (source, type, options.Split(','));
            }
        }

        return null;
    }

    /// <summary>The processes of xget that were started for this directory.</summary>
    public static IReadOnlyList<int> Processes(string directory)
    {
        var found = new List<int>();
        foreach (string process in Directory.GetDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(process), CultureInfo.InvariantCulture, out int pid) && CommandLine(pid) is { } line
                && line.Contains("\0mount\0", StringComparison.Ordinal) && line.EndsWith($"\0{directory}\0", StringComparison.Ordinal))
            {
                found.Add(pid);
            }
        }

        return found;
    }

    /// <summary>Waits until no process serves it.</summary>
    public static Task ExpectGoneAsync(string directory) => UntilAsync(() => Processes(directory).Count == 0, $"a process for {directory} stays");

    /// <summary>Unmounts; the process ends.</summary>
    public static async Task UnmountAsync(string directory)
    {
        Assert.Equal((0, ""), Run("umount", directory));
        await ExpectGoneAsync(directory);
        Assert.Null(Mounted(directory));
    }

    /// <summary>Looks again and again until it is so.</summary>
    public static async Task UntilAsync(Func<bool> isSo, string complaint)
    {
        using var timer = new CancellationTokenSource(Deadline);
        while (!isSo())
        {
            Assert.False(timer.IsCancellationRequested, complaint);
            await Task.Delay(20);
        }
    }

    public void Dispose()
    {
        foreach (string directory in Directory.GetDirectories(Scratch.Root, "mount-*"))
        {
            while (Mounted(directory) is not null && Command.Try("umount", ["-l", directory]).Status == 0)
            {
            }

            foreach (int pid in Processes(directory))
            {
                _ = Syscall.kill(pid, Signum.SIGKILL);
            }
        }

        _master?.Dispose();
        Scratch.Dispose();
    }

    private static string? CommandLine(int pid)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/cmdline"));
        }
        catch (IOException)
        {
            return null; // it has just ended
        }
    }
}
