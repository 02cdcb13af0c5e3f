using System.Diagnostics;
using Mono.Unix.Native;

namespace Xget.Fuse.Tests.Mounting;

/// <summary>How mounts begin and end.</summary>
[Collection("mounts")]
public class LifetimeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HookedFiles _files = new();

    public LifetimeTests() => _files.Add(_files.Root, "file", 0x81A4, "hello"u8.ToArray());

    [SkippableFact]
    public async Task Unmounted_by_umount_it_ends_by_itself()
    {
        await using Mounted mounted = await Mounted.AtAsync(_files);
        await Shell.RunAsync($"umount {mounted.Path}");
        await mounted.Mount.Ended.WaitAsync(Patience);
        Assert.Equal(1, _files.Destroyed);
        Assert.Equal((Errno)0, await mounted.Mount.UnmountAsync());
    }

    [SkippableFact]
    public async Task In_use_it_is_unmounted_only_when_detached_and_ends_with_its_last_user()
    {
        await using Mounted mounted = await Mounted.AtAsync(_files);
        using Process user = Shell.Start($"exec 3< {mounted.Path}/file; echo ready; read; cat <&3");
        Assert.Equal("ready", await user.StandardOutput.ReadLineAsync());
        Assert.Equal(Errno.EBUSY, await mounted.Mount.UnmountAsync());
        Assert.Equal((Errno)0, await mounted.Mount.UnmountAsync(detach: true));
        Assert.Equal(Errno.EINVAL, await mounted.Mount.UnmountAsync(detach: true));
        Assert.False(mounted.Mount.Ended.IsCompleted);
        await user.StandardInput.WriteLineAsync();
        Assert.Equal("hello", await user.StandardOutput.ReadToEndAsync());
        await mounted.Mount.Ended.WaitAsync(Patience);
    }

    [SkippableFact]
    public async Task Disposed_after_a_lazy_umount_it_ends_although_it_is_in_use()
    {
        Mounted mounted = await Mounted.AtAsync(_files, new MountOptions { Readers = 3 });
        using Process user = Shell.Start($"exec 3< {mounted.Path}/file; echo ready; sleep 100");
        Assert.Equal("ready", await user.StandardOutput.ReadLineAsync());
        await Shell.RunAsync($"umount -l {mounted.Path}");
        await mounted.DisposeAsync().AsTask().WaitAsync(Patience);
        await Shell.TryAsync($"pkill -P {user.Id}; kill {user.Id}");
        Assert.Equal(1, _files.Destroyed);
    }

    [SkippableFact]
    public async Task Disposed_while_in_use_it_ends_at_once()
    {
        Mounted mounted = await Mounted.AtAsync(_files);
        using Process user = Shell.Start($"cd {mounted.Path}; echo ready; sleep 100");
        Assert.Equal("ready", await user.StandardOutput.ReadLineAsync());
        await mounted.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.Null(MountEntry.Find(mounted.Path));
        await Shell.TryAsync($"pkill -P {user.Id}; kill {user.Id}");
    }

    [SkippableFact]
    public async Task Unmounted_by_force_while_it_is_in_use_it_is_gone_when_it_was_disposed()
    {
        Mounted mounted = await Mounted.AtAsync(_files);
        using Process user = Shell.Start($"exec 3< {mounted.Path}/file; echo ready; sleep 100");
        Assert.Equal("ready", await user.StandardOutput.ReadLineAsync());
        await Shell.TryAsync($"umount -f {mounted.Path}");
        await mounted.Mount.Ended.WaitAsync(Patience);
        await mounted.DisposeAsync();
        Assert.Null(MountEntry.Find(mounted.Path));
        await Shell.TryAsync($"pkill -P {user.Id}; kill {user.Id}");
    }

    [SkippableFact]
    public async Task Fifty_mounts_leave_nothing_behind()
    {
        Needs.Mounting();
        string directory = Mounted.NewDirectory();
        int descriptors = 0;
        int threads = 0;
        for (int i = 0; i < 50; i++)
        {
            FuseMount mount = await FuseMount.MountAsync(_files, directory, new MountOptions { Readers = 4 });
            Assert.Equal("hello", await Shell.RunAsync($"cat {directory}/file"));
            await mount.Connection.Notifier.InvalidateInodeAsync(1);
            if (i % 3 == 0)
            {
                await Shell.RunAsync($"umount {directory}");
            }

            await mount.DisposeAsync();
            Assert.Null(MountEntry.Find(directory));
            if (i == 4)
            {
                (descriptors, threads) = (Descriptors(), await ThreadsAsync());
            }
        }

        Assert.Equal(50, _files.Destroyed);
        Assert.Equal(descriptors, Descriptors());
        Assert.Equal(threads, await ThreadsAsync());
        Directory.Delete(directory);
    }

    [SkippableFact]
    public async Task A_file_system_that_does_not_start_leaves_no_mount()
    {
        _files.OnInit = () => throw new InvalidOperationException("not today");
        await Assert.ThrowsAsync<FuseException>(async () => await Mounted.AtAsync(_files));
        Assert.Equal(0, await ThreadsAsync());
        Assert.DoesNotContain($"fuse-test-{Environment.ProcessId}-", await File.ReadAllTextAsync("/proc/self/mountinfo"));
    }

    [SkippableFact]
    public async Task A_mount_that_the_kernel_refuses_leaves_no_reader()
    {
        Needs.Mounting();
        string directory = Mounted.NewDirectory();
        FuseException refused = await Assert.ThrowsAsync<FuseException>(() =>
            FuseMount.MountAsync(_files, directory, new MountOptions { Options = "context=x" }));
        Directory.Delete(directory);
        Assert.Equal(Errno.EINVAL, refused.Error);
        Assert.StartsWith($"cannot mount on {directory}: ", refused.Message);
        Assert.Equal(0, await ThreadsAsync());
    }

    [SkippableTheory]
    [InlineData("/tmp/fuse-no-such-directory", Errno.ENOENT)]
    [InlineData("/etc/passwd", Errno.ENOTDIR)]
    [InlineData("/etc/passwd/x", Errno.ENOTDIR)]
    public async Task A_mount_point_must_be_a_directory(string path, Errno expected)
    {
        Needs.Mounting();
        FuseException refused =
            await Assert.ThrowsAsync<FuseException>(() => FuseMount.MountAsync(_files, path, new MountOptions()));
        Assert.Equal(expected, refused.Error);
        Assert.StartsWith($"mount point {path}: ", refused.Message);
    }

    [Fact]
    public async Task An_option_that_nobody_knows_is_an_error()
    {
        FuseException refused = await Assert.ThrowsAsync<FuseException>(() =>
            FuseMount.MountAsync(_files, "/tmp", new MountOptions { Options = "ro,cache=/x,_netdev" }));
        Assert.Equal("unknown mount option cache=/x", refused.Message);
    }

    [SkippableFact]
    public async Task Mounted_through_a_link_with_a_blank_it_is_found_and_unmounted_all_the_same()
    {
        Needs.Mounting();
        string directory = Mounted.NewDirectory();
        string blank = Directory.CreateDirectory(Path.Combine(directory, "a blank")).FullName;
        File.CreateSymbolicLink(Path.Combine(directory, "link"), blank);
        await using (FuseMount mount =
            await FuseMount.MountAsync(_files, Path.Combine(directory, "link"), new MountOptions()))
        {
            Assert.Equal(blank, mount.MountPoint);
            Assert.Equal("hello", await Shell.RunAsync($"cat '{blank}/file'"));
        }

        Assert.Null(MountEntry.Find(blank));
        Directory.Delete(directory, recursive: true);
    }

    [SkippableFact]
    public async Task Through_fusermount3_it_is_mounted_used_and_unmounted()
    {
        Needs.Program("fusermount3");
        await using (Mounted mounted = await Mounted.AtAsync(_files,
            new MountOptions { Source = "a,b\\c:/", Subtype = "test", UseFusermount = true, Options = "ro,noatime" }))
        {
            Assert.Equal("hello", await Shell.RunAsync($"cat {mounted.Path}/file"));
            MountEntry entry = MountEntry.Find(mounted.Path)!;
            Assert.Equal(("fuse.test", "a,b\\c:/"), (entry.Type, entry.Source));
            Assert.Equal((Errno)0, await Fusermount.UnmountAsync(mounted.Path, false, new MountOptions()));
            await mounted.Mount.Ended.WaitAsync(Patience);
        }

        Assert.Equal(0, await ThreadsAsync());
    }

    [SkippableFact]
    public async Task Without_fusermount3_the_error_says_what_is_missing()
    {
        FuseException refused = await Assert.ThrowsAsync<FuseException>(() => Mounted.AtAsync(_files,
            new MountOptions { UseFusermount = true, Fusermount = "/no/such/fusermount" }));
        Assert.Contains("this needs root or the program /no/such/fusermount (package fuse3)", refused.Message);
    }

    private static int Descriptors() => new DirectoryInfo("/proc/self/fd").GetFileSystemInfos()
        .Count(file => file.LinkTarget is "/dev/fuse" || file.LinkTarget?.StartsWith("socket", StringComparison.Ordinal) == true);

    /// <summary>Threads of mounts; one that has just done its last work is given a moment to go.</summary>
    private static async Task<int> ThreadsAsync()
    {
        int count = 0;
        for (int tries = 0; tries < 200; tries++)
        {
            count = Directory.GetDirectories("/proc/self/task").Count(IsOurs);
            if (count == 0)
            {
                break;
            }

            await Task.Delay(10);
        }

        return count;
    }

    private static bool IsOurs(string task)
    {
        try
        {
            return File.ReadAllText(task + "/comm").StartsWith("fuse-", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
