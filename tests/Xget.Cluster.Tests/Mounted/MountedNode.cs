using System.Globalization;
using Xget.Lab;

namespace Xget.Cluster.Tests.Mounted;

/// <summary>
/// One mount and the process behind it. The test itself never opens anything below the mount point, since a call that
/// hangs would hang the test: it lets commands do that.
/// </summary>
internal sealed class MountedNode(Child daemon, string directory) : IDisposable
{
    /// <summary>How long unmounting may take, whatever the network does.</summary>
    public static readonly TimeSpan UnmountDeadline = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan ReadyDeadline = TimeSpan.FromSeconds(30);

    /// <summary>The process that serves the mount, in the foreground.</summary>
    public Child Daemon => daemon;

    /// <summary>The mount point.</summary>
    public string Directory => directory;

    /// <summary>Is something mounted there?</summary>
    public bool IsMounted => File.ReadLines("/proc/self/mounts")
        .Any(l => l.Split(' ') is [_, var at, "fuse.xget", ..] && at == directory);

    /// <summary>A path below the mount point.</summary>
    public string this[string name] => Path.Combine(directory, name);

    /// <summary>Waits until the kernel shows the mount.</summary>
    public async Task<MountedNode> ReadyAsync()
    {
        await daemon.UntilAsync(() => IsMounted ? directory : null, ReadyDeadline);
        return this;
    }

    /// <summary>Unmounts with umount(8); the process ends well soon after.</summary>
    public async Task UnmountAsync(params string[] options)
    {
        using var umount = Child.Start(directory + ".umount", null, "umount", [.. options, directory]);
        await umount.ExpectExitAsync(0, UnmountDeadline);
        await ExpectGoneAsync();
    }

    /// <summary>The process ends well, and nothing is mounted any more.</summary>
    public async Task ExpectGoneAsync()
    {
        await daemon.ExpectExitAsync(0, UnmountDeadline);
        Assert.False(IsMounted, $"{directory} is still mounted");
    }

    /// <summary>One of the figures in user.xget.stats of the mount's root.</summary>
    public long Figure(string name)
    {
        string text = Command.Run("getfattr", "--only-values", "--absolute-names", "-n", "user.xget.stats", directory);
        string line = text.Split('\n').First(l => l.StartsWith(name + " ", StringComparison.Ordinal));
        return long.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture);
    }

    /// <summary>Open descriptors and threads of the process.</summary>
    public (int Descriptors, int Threads) Held() => Held(daemon.Pid);

    /// <summary>Open descriptors and threads of a process.</summary>
    public static (int Descriptors, int Threads) Held(int pid) => (
        System.IO.Directory.GetFileSystemEntries($"/proc/{pid}/fd").Length,
        System.IO.Directory.GetDirectories($"/proc/{pid}/task").Length);

    /// <summary>Out of the way at once, whoever still uses it.</summary>
    public void Dispose()
    {
        if (IsMounted)
        {
            Command.Try("umount", ["-l", directory]);
        }

        daemon.Dispose();
    }
}
