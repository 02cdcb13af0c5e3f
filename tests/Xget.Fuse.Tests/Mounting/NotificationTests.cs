using Mono.Unix.Native;

namespace Xget.Fuse.Tests.Mounting;

/// <summary>The kernel learns what has changed.</summary>
[Collection("mounts")]
public class NotificationTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HookedFiles _files = new();

    [SkippableFact]
    public async Task Bytes_and_size_change_when_the_inode_is_invalidated_and_not_before()
    {
        MemoryFiles.Node file = _files.Add(_files.Root, "file", 0x81A4, "old"u8.ToArray());
        await using Mounted mounted = await Mounted.AtAsync(_files);
        FuseNotifier notifier = mounted.Mount.Connection.Notifier;
        Assert.Equal("old", await Shell.RunAsync($"cat {mounted.Path}/file"));
        file.Data = "newer"u8.ToArray();
        Assert.Equal("old", await Shell.RunAsync($"cat {mounted.Path}/file"));
        Assert.Equal((Errno)0, await notifier.InvalidateInodeAsync(file.Id));
        Assert.Equal("newer", await Shell.RunAsync($"cat {mounted.Path}/file"));
        Assert.Equal(Errno.ENOENT, await notifier.InvalidateInodeAsync(12345));
    }

    [SkippableFact]
    public async Task A_name_that_was_not_there_appears_and_one_that_was_goes()
    {
        MemoryFiles.Node gone = _files.Add(_files.Root, "gone", 0x81A4, []);
        await using Mounted mounted = await Mounted.AtAsync(_files);
        FuseNotifier notifier = mounted.Mount.Connection.Notifier;
        Assert.Equal(1, (await Shell.TryAsync($"cat {mounted.Path}/new")).Code);
        Assert.Equal("gone\n", await Shell.RunAsync($"ls {mounted.Path}"));
        _files.Add(_files.Root, "new", 0x81A4, []);
        _files.Root.Names.Remove("gone");
        Assert.Equal("gone\n", await Shell.RunAsync($"ls {mounted.Path}"));

        Assert.Equal((Errno)0, await notifier.InvalidateEntryAsync(1, "new"u8));
        Assert.Equal((Errno)0, await notifier.DeleteAsync(1, gone.Id, "gone"u8));
        Assert.Equal((Errno)0, await notifier.InvalidateInodeAsync(1));
        Assert.Equal("new\n", await Shell.RunAsync($"ls {mounted.Path}"));
        await Shell.RunAsync($"cat {mounted.Path}/new");
        Assert.Equal(1, (await Shell.TryAsync($"cat {mounted.Path}/gone")).Code);
        Assert.Equal((gone.Id, 1ul), await _files.Forgotten.Task.WaitAsync(Patience));
    }

    [SkippableFact]
    public async Task Bytes_that_are_stored_are_not_asked_for()
    {
        MemoryFiles.Node file = _files.Add(_files.Root, "file", 0x81A4, new byte[4096]);
        _files.OnRead = (_, _, _) => FuseAnswer.Failed<FuseData>(Errno.EIO);
        await using Mounted mounted = await Mounted.AtAsync(_files);
        await Shell.RunAsync($"stat {mounted.Path}/file");
        byte[] stored = new byte[4096];
        stored.AsSpan().Fill((byte)'x');
        Assert.Equal((Errno)0, await mounted.Mount.Connection.Notifier.StoreAsync(file.Id, 0, stored));
        Assert.Equal(new string('x', 4096), await Shell.RunAsync($"cat {mounted.Path}/file"));
    }

    [SkippableFact]
    public async Task All_names_are_asked_for_again_after_a_new_epoch()
    {
        await using Mounted mounted = await Mounted.AtAsync(_files);
        Assert.Equal(1, (await Shell.TryAsync($"cat {mounted.Path}/new")).Code);
        _files.Add(_files.Root, "new", 0x81A4, "here"u8.ToArray());
        Errno error = await mounted.Mount.Connection.Notifier.IncrementEpochAsync();
        Needs.Have(error != Errno.ENOSYS, "FUSE 7.44");
        Assert.Equal((Errno)0, error);
        Assert.Equal("here", await Shell.RunAsync($"cat {mounted.Path}/new"));
    }

    [SkippableFact]
    public async Task Nodes_that_nobody_uses_are_forgotten_when_they_are_pruned()
    {
        MemoryFiles.Node file = _files.Add(_files.Root, "file", 0x81A4, []);
        await using Mounted mounted = await Mounted.AtAsync(_files);
        await Shell.RunAsync($"stat {mounted.Path}/file");
        Errno error = await mounted.Mount.Connection.Notifier.PruneAsync([file.Id]);
        Needs.Have(error is not (Errno.ENOSYS or Errno.EINVAL), "FUSE 7.45 with FUSE_NOTIFY_PRUNE");
        Assert.Equal((Errno)0, error);
        Assert.Equal((file.Id, 1ul), await _files.Forgotten.Task.WaitAsync(Patience));
    }

    [SkippableFact]
    public async Task Nothing_is_sent_after_the_end()
    {
        Mounted mounted = await Mounted.AtAsync(_files);
        FuseNotifier notifier = mounted.Mount.Connection.Notifier;
        await notifier.InvalidateInodeAsync(1);
        await mounted.DisposeAsync();
        Assert.Equal(Errno.ENODEV, await notifier.InvalidateInodeAsync(1));
    }
}
