using Xget.Content.Store;
using Xget.Lab;
using Xget.Node.Copying;
using Xget.Testing;

namespace Xget.Node.Tests.Copying;

/// <summary>Names of the copy itself, names that a file system takes for one, copies that share a destination.</summary>
public sealed class DestinationNameTests : CopyTests
{
    [Fact]
    public async Task A_partial_directory_in_the_source_is_copied_like_any_other()
    {
        Source.Add(".xget-partial/0123", [1]);
        Source.Add(".xget-partial-1", [2]);
        Source.Add(".xget-tmp-t1", [3]);
        Source.Add("sub/.xget-partial/x", [4]);
        Source.Add("large", Files.Random(2_000_000));
        await using TestCluster cluster = await ServeAsync();
        (CopyResult result, _) = await CopyAsync(cluster);
        Assert.True(result.IsComplete, string.Join("; ", result.Failures));
        Lab.TreeWitness.ExpectSame(Source.Root, Destination());
    }

    [SkippableFact]
    public async Task Names_that_differ_in_case_only_are_errors_where_the_destination_ignores_case()
    {
        Source.Add("Dir/file", [1]);
        Source.Add("dir/file", [2]);
        Source.Add("README", Files.Random(300_000, 1));
        Source.Add("readme", Files.Random(300_000, 2));
        Source.Add("Small", [3]);
        Source.Add("small", [4]);
        Source.Add("other", [5]);
        using var disk = new CaselessDisk(Destination());
        await using TestCluster cluster = await ServeAsync();
        for (int run = 0; run < 2; run++)
        {
            (CopyResult result, _) = await CopyAsync(cluster);
            Assert.Equal(3, result.FailureCount);
            Assert.Equal(4, result.Files);
            Assert.All(result.Failures, f => Assert.Contains("the destination takes it for", f.Reason, StringComparison.Ordinal));
            foreach (string path in new[] { "README", "readme", "Small", "small", "Dir/file", "dir/file", "other" })
            {
                if (!result.Failures.Any(f => path.StartsWith(f.Path, StringComparison.Ordinal)))
                    Assert.Equal(File.ReadAllBytes(Source[path]), File.ReadAllBytes(Path.Combine(Destination(), path)));
            }
        }
    }

    [SkippableFact]
    public async Task Where_there_are_no_links_each_symlink_is_named_and_hard_links_are_copies()
    {
        Source.Add("a", Files.Random(200_000));
        Source.Add("b", [1]);
        Command.Run("sh", "-c", "cd \"$1\" && ln -s a link && ln a again && chmod 600 b", "sh", Source.Root);
        using var disk = new CaselessDisk(Destination());
        await using TestCluster cluster = await ServeAsync();
        for (int run = 0; run < 2; run++)
        {
            (CopyResult result, _) = await CopyAsync(cluster);
            Assert.Equal(new CopyFailure("link", "the file system has no symbolic links"), OnlyFailure(result));
            Assert.Equal(3, result.Files);
            Assert.Equal(File.ReadAllBytes(Source["a"]), File.ReadAllBytes(Path.Combine(Destination(), "again")));
        }
        await using RunningNode node = await cluster.StartNodeAsync("lenient");
        using Destination destination = Open();
        CopyResult allowed = await Until.DoneAsync(JobOf(node, destination, new CopyOptions { MayLackTypes = true }).RunAsync(["."], default));
        Assert.True(allowed.IsComplete);
        Assert.Equal("link", Assert.Single(allowed.Lacked).Path);
    }

    [Fact]
    public async Task A_copy_waits_while_another_has_the_destination()
    {
        Source.Add("file", [1]);
        await using TestCluster cluster = await ServeAsync();
        await using RunningNode node = await cluster.StartNodeAsync("copier");
        using Destination other = Open(), destination = Open();
        Assert.Equal((Mono.Unix.Native.Errno)0, other.TryLock());
        var time = new ManualTime();
        var log = new RecordingLog();
        Task<CopyResult> copy = JobOf(node, destination, time: time, log: log).RunAsync(["."], default);
        await Until.TrueAsync(() => log.Has("another copy into the same destination is under way"));
        Assert.False(copy.IsCompleted);
        other.Unlock();
        await Until.TrueAsync(time, () => copy.IsCompleted);
        Assert.True((await copy).IsComplete);
        Assert.Single(log.Records, r => r.Contains("another copy", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_copies_at_once_both_succeed()
    {
        for (int i = 0; i < 40; i++)
            Source.Add($"f{i}", Files.Random(i * 7000, i));
        await using TestCluster cluster = await ServeAsync();
        var results = await Task.WhenAll(CopyAsync(cluster), CopyAsync(cluster), CopyAsync(cluster));
        Assert.All(results, r => Assert.True(r.Result.IsComplete));
        Lab.TreeWitness.ExpectSame(Source.Root, Destination());
    }

    [SkippableFact]
    public async Task Devices_and_setuid_bits_are_left_out_when_asked()
    {
        Prerequisite.Root();
        Source.Add("program", [1]);
        Source.Add("large", Files.Random(300_000));
        Command.Run("sh", "-c", "cd \"$1\" && chmod 6755 program && chmod 4750 large && mkdir -m 2775 shared && mknod null c 1 3 && mkfifo fifo && setcap cap_net_raw+ep large", "sh", Source.Root);
        await using TestCluster cluster = await ServeAsync();
        await using RunningNode node = await cluster.StartNodeAsync("copier");
        using Destination destination = Open();
        CopyResult result = await Until.DoneAsync(
            JobOf(node, destination, new CopyOptions { NoDevices = true, NoSetuid = true }).RunAsync(["."], default));
        Assert.True(result.IsComplete);
        string Mode(string path) => Command.Run("stat", "-c", "%a", Path.Combine(Destination(), path)).Trim();
        Assert.Equal(["755", "750", "2775"], new[] { Mode("program"), Mode("large"), Mode("shared") });
        Assert.Equal("", Command.Run("getcap", Path.Combine(Destination(), "large")).Trim());
        Assert.Equal(["fifo", "large", "program", "shared"], Directory.GetFileSystemEntries(Destination()).Select(Path.GetFileName).Order());
    }

    /// <summary>An exFAT, which knows no links, owners or modes, and takes names that differ in case for one.</summary>
    private sealed class CaselessDisk : IDisposable
    {
        private readonly string _image = Path.GetTempFileName();
        private readonly string _device;
        private readonly string _at;

        public CaselessDisk(string at)
        {
            Prerequisite.Root();
            Prerequisite.Commands("mkfs.exfat", "mount.exfat-fuse", "losetup");
            _at = at;
            Directory.CreateDirectory(at);
            Command.Run("truncate", "-s", "32M", _image);
            Command.Run("mkfs.exfat", _image);
            _device = Command.Run("losetup", "-f", "--show", _image).Trim();
            Command.Run("mount.exfat-fuse", _device, at);
        }

        public void Dispose()
        {
            Command.Run("umount", "-l", _at);
            Command.Run("losetup", "-d", _device);
            File.Delete(_image);
        }
    }
}
