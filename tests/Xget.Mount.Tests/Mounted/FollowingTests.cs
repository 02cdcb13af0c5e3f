using Mono.Unix.Native;
using Xget.Fuse;
using Xget.Lab;
using Xget.Mount.Tests.Running;
using Xget.Node.Tests;

namespace Xget.Mount.Tests.Mounted;

/// <summary>
/// A new generation: what the kernel is told to drop, and what stays. Files are larger than those that share packs, where
/// a test is about which bytes have changed.
/// </summary>
public sealed class FollowingTests : IAsyncLifetime
{
    private const int Large = 200_000;
    private readonly Files _source = new();
    private MountedTree _tree = null!;

    private Kernel Kernel => _tree.Kernel;

    public async Task InitializeAsync()
    {
        foreach (string path in (string[])["a", "b", "dir/a", "dir/b", "dir/sub/a", "other/a", "other/b", "unseen/a"])
            _source.Add(path, Files.Random(Large, path.GetHashCode(StringComparison.Ordinal)));
        File.CreateSymbolicLink(_source["link"], "a");
        _tree = await MountedTree.StartAsync(_source, passthrough: false);
        foreach (string path in (string[])["a", "b", "link", "dir/a", "dir/b", "dir/sub/a", "other/a", "unseen"])
            await Kernel.WalkAsync(path);
        _tree.Follow();
    }

    public async Task DisposeAsync()
    {
        await _tree.DisposeAsync();
        _source.Dispose();
    }

    /// <summary>Writes into a file without changing its directory.</summary>
    private byte[] Change(string path, int seed = 1000) => _source.Add(path, Files.Random(Large, seed));

    [Fact]
    public async Task A_changed_file_that_is_not_open_keeps_its_node_and_has_another_number()
    {
        EntryWire before = await Kernel.WalkAsync("dir/a");
        await Kernel.ReadAllAsync("dir/a");
        byte[] now = Change("dir/a");
        Assert.Equal(["listing dir", "listing dir/a"], await _tree.PublishAndFollowAsync());
        EntryWire after = await Kernel.WalkAsync("dir/a");
        Assert.Equal(before.NodeId, after.NodeId);
        Assert.NotEqual(before.Attr.Ino, after.Attr.Ino);
        Assert.Equal(now, await Kernel.ReadAllAsync("dir/a"));
    }

    [Fact]
    public async Task A_changed_file_that_is_open_gets_another_node_and_only_its_name_is_dropped()
    {
        EntryWire before = await Kernel.WalkAsync("dir/a");
        Kernel.Opened file = await Kernel.OpenAsync(before.NodeId);
        byte[] now = Change("dir/a");
        Assert.Equal(["listing dir", "name dir/a"], await _tree.PublishAndFollowAsync());
        EntryWire after = await Kernel.WalkAsync("dir/a");
        Assert.NotEqual(before.NodeId, after.NodeId);
        Assert.NotEqual(before.Attr.Ino, after.Attr.Ino);
        Assert.Equal(now, await Kernel.ReadAllAsync("dir/a"));
        await Kernel.CloseAsync(file);
    }

    [Fact]
    public async Task An_empty_file_that_is_open_is_open_like_any_other()
    {
        _source.Add("dir/empty", []);
        await _tree.PublishAndFollowAsync();
        EntryWire before = await Kernel.WalkAsync("dir/empty");
        Kernel.Opened file = await Kernel.OpenAsync(before.NodeId);
        byte[] now = Change("dir/empty");
        await _tree.PublishAndFollowAsync();
        Assert.Empty(await Kernel.ReadAsync(file, 0, 4096));
        await Kernel.CloseAsync(file);
        Assert.NotEqual(before.NodeId, (await Kernel.WalkAsync("dir/empty")).NodeId);
        Assert.Equal(now, await Kernel.ReadAllAsync("dir/empty"));
    }

    [Fact]
    public async Task A_link_with_another_target_keeps_its_node()
    {
        EntryWire before = await Kernel.WalkAsync("link");
        File.Delete(_source["link"]);
        File.CreateSymbolicLink(_source["link"], "b");
        await _tree.PublishAndFollowAsync();
        Assert.Equal(before.NodeId, (await Kernel.WalkAsync("link")).NodeId);
        Assert.Equal("b"u8.ToArray(), Kernel.Value(await Kernel.TryReadLinkAsync(before.NodeId)));
    }

    [Fact]
    public async Task A_file_that_gets_a_further_name_keeps_its_node_even_if_it_is_open()
    {
        EntryWire before = await Kernel.WalkAsync("dir/a");
        Kernel.Opened file = await Kernel.OpenAsync(before.NodeId);
        Command.Run("ln", _source["dir/a"], _source["dir/hard"]);
        await _tree.PublishAndFollowAsync();
        Assert.Equal(before.NodeId, (await Kernel.WalkAsync("dir/a")).NodeId);
        Assert.Equal(before.NodeId, (await Kernel.WalkAsync("dir/hard")).NodeId);
        Assert.Equal(before.Attr.Ino, (await Kernel.WalkAsync("dir/hard")).Attr.Ino);
        Assert.Equal(2u, (await Kernel.GetAttrAsync(before.NodeId)).Nlink);
        File.Delete(_source["dir/hard"]);
        await _tree.PublishAndFollowAsync();
        Assert.Equal(before.NodeId, (await Kernel.WalkAsync("dir/a")).NodeId);
        await Kernel.CloseAsync(file);
    }

    [Fact]
    public async Task Names_of_one_file_that_become_two_files_have_two_nodes()
    {
        Command.Run("ln", _source["dir/a"], _source["dir/hard"]);
        await _tree.PublishAndFollowAsync();
        Assert.Equal((await Kernel.WalkAsync("dir/a")).NodeId, (await Kernel.WalkAsync("dir/hard")).NodeId);
        Command.Run("cp", "-p", _source["dir/a"], _source["dir/copy"]);
        File.Move(_source["dir/copy"], _source["dir/hard"], overwrite: true);
        await _tree.PublishAndFollowAsync();
        Assert.NotEqual((await Kernel.WalkAsync("dir/a")).NodeId, (await Kernel.WalkAsync("dir/hard")).NodeId);
    }

    [Fact]
    public async Task Files_that_are_packed_with_one_that_changed_keep_their_nodes_and_are_read_on_by_who_has_them_open()
    {
        const int Small = 40;
        for (int i = 0; i < Small; i++)
            _source.Add($"small/{i:00}", Files.Random(1000, i));
        await _tree.PublishAndFollowAsync();
        var nodes = new ulong[Small];
        var open = new Kernel.Opened[Small];
        for (int i = 0; i < Small; i++)
        {
            nodes[i] = (await Kernel.WalkAsync($"small/{i:00}")).NodeId;
            open[i] = await Kernel.OpenAsync(nodes[i]);
        }
        for (int round = 0; round < 5; round++) // more generations than the master keeps
        {
            _source.Add("small/20", Files.Random(500 + round, 1000 + round));
            string[] notices = await _tree.PublishAndFollowAsync();
            Assert.DoesNotContain(notices, n => n.StartsWith("name ", StringComparison.Ordinal) && n is not ("name small/20" or "name small/00"));
        }
        for (int i = 0; i < Small; i++)
        {
            if (i is 0 or 20) // the first of a pack: see EntryComparison
                continue;
            Assert.Equal(nodes[i], (await Kernel.WalkAsync($"small/{i:00}")).NodeId);
            Assert.Equal(Files.Random(1000, i), await Kernel.ReadAsync(open[i], 0, 4096));
        }
        foreach (Kernel.Opened file in open)
            await Kernel.CloseAsync(file);
    }

    [Fact]
    public async Task Changed_attributes_are_dropped_and_the_node_stays()
    {
        EntryWire before = await Kernel.WalkAsync("dir/sub/a");
        Command.Run("chmod", "600", _source["dir/sub/a"]);
        Assert.Equal(["attributes dir/sub/a"], await _tree.PublishAndFollowAsync());
        Assert.Equal(0x180u, (await Kernel.GetAttrAsync(before.NodeId)).Mode & 0xfff);
        Assert.Equal(before.NodeId, (await Kernel.WalkAsync("dir/sub/a")).NodeId);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_listing_that_goes_on_over_a_change_has_each_name_that_stays_once(bool plus)
    {
        const int Names = 300;
        for (int i = 0; i < Names; i++)
            _source.Add($"many/{i:000}", [1]);
        await _tree.PublishAndFollowAsync();
        ulong many = (await Kernel.WalkAsync("many")).NodeId;
        for (int round = 0; round < 3; round++)
        {
            Kernel.Listed[] first = (await Kernel.TryListAsync(many, plus, 0, 4096)).Value;
            Assert.InRange(first.Length, 10, Names / 2);
            // One listed name goes, the last listed one too, and one comes in front of those to come.
            File.Delete(_source[$"many/{first[4].Name}"]);
            File.Delete(_source[$"many/{first[^1].Name}"]);
            _source.Add($"many/{first[5].Name}-{round}", [2]);
            await _tree.PublishAndFollowAsync();
            var listed = first.Select(e => e.Name).ToList();
            for (ulong next = first[^1].Next; (await Kernel.TryListAsync(many, plus, next, 4096)).Value is { Length: > 0 } more; next = more[^1].Next)
                listed.AddRange(more.Select(e => e.Name));
            Assert.Equal(listed.Distinct(), listed);
            Assert.Subset(listed.ToHashSet(), Directory.GetFiles(_source["many"]).Select(f => Path.GetFileName(f)).Where(f => !f.EndsWith($"-{round}", StringComparison.Ordinal)).ToHashSet());
        }
    }

    [Fact]
    public async Task An_added_name_is_dropped_as_one_that_was_not_there_with_the_listing_it_changes()
    {
        Assert.Equal(0UL, (await Kernel.TryLookupAsync((await Kernel.WalkAsync("dir")).NodeId, "new")).Value.NodeId);
        byte[] bytes = Change("dir/new");
        Assert.Equal(["attributes dir", "listing dir", "name dir/new"], await _tree.PublishAndFollowAsync());
        Assert.Equal(bytes, await Kernel.ReadAllAsync("dir/new"));
    }

    [Fact]
    public async Task A_removed_name_is_dropped_with_the_listing_it_was_in()
    {
        File.Delete(_source["dir/b"]);
        Assert.Equal(["attributes dir", "listing dir", "name dir/b"], await _tree.PublishAndFollowAsync());
        Assert.Equal(0UL, (await Kernel.TryLookupAsync((await Kernel.WalkAsync("dir")).NodeId, "b")).Value.NodeId);
    }

    [Fact]
    public async Task Attributes_of_the_root_are_dropped_even_if_nobody_has_looked_into_it()
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source);
        FuseAttr before = await tree.Kernel.GetAttrAsync(1);
        tree.Follow();
        Command.Run("chmod", "711", _source.Root);
        Assert.Equal(["attributes /"], await tree.PublishAndFollowAsync());
        Assert.NotEqual(before.Mode, (await tree.Kernel.GetAttrAsync(1)).Mode);
    }

    [Fact]
    public async Task A_name_that_becomes_something_else_is_dropped_with_its_listing()
    {
        Directory.Delete(_source["dir/sub"], recursive: true);
        Change("dir/sub");
        File.Delete(_source["link"]);
        File.CreateSymbolicLink(_source["link"], "b");
        string[] notices = await _tree.PublishAndFollowAsync();
        Assert.Equal(["attributes /", "attributes dir", "listing dir", "listing link", "name dir/sub"], notices);
        Assert.Equal("b"u8.ToArray(), Kernel.Value(await Kernel.TryReadLinkAsync((await Kernel.WalkAsync("link")).NodeId)));
        Assert.Equal((uint)FilePermissions.S_IFREG, (await Kernel.WalkAsync("dir/sub")).Attr.Mode & (uint)FilePermissions.S_IFMT);
    }

    [Fact]
    public async Task What_nobody_has_looked_at_is_not_told_of_and_not_loaded()
    {
        Change("unseen/a");
        Change("other/b");
        Assert.Equal(["listing other"], await _tree.PublishAndFollowAsync()); // of a directory that was looked into: a number is another
        Assert.Equal(File.ReadAllBytes(_source["unseen/a"]), await Kernel.ReadAllAsync("unseen/a"));
        Assert.Equal(File.ReadAllBytes(_source["other/b"]), await Kernel.ReadAllAsync("other/b"));
    }

    [Fact]
    public async Task An_open_file_keeps_its_bytes_when_its_name_gets_others()
    {
        byte[] before = File.ReadAllBytes(_source["a"]);
        await Kernel.ReadAllAsync("a");
        Kernel.Opened file = await Kernel.OpenAsync((await Kernel.WalkAsync("a")).NodeId);
        byte[] now = Change("a");
        await _tree.PublishAndFollowAsync();
        Assert.Equal(now, await Kernel.ReadAllAsync("a"));
        Assert.Equal(before, await Kernel.ReadAsync(file, 0, Large));
        await Kernel.CloseAsync(file);
    }

    [Fact]
    public async Task A_directory_that_is_gone_can_still_be_looked_at_by_who_is_in_it()
    {
        EntryWire other = await Kernel.WalkAsync("other");
        Directory.Delete(_source["other"], recursive: true);
        await _tree.PublishAndFollowAsync();
        Assert.Equal(0UL, (await Kernel.TryLookupAsync(1, "other")).Value.NodeId);
        (List<Kernel.Listed> entries, _) = await Kernel.ListAsync(other.NodeId, plus: true);
        Assert.Equal([".", "..", "a", "b"], entries.Select(e => e.Name));
    }

    [Fact]
    public async Task Names_of_one_file_change_together()
    {
        Command.Run("ln", _source["a"], _source["dir/hard"]);
        await _tree.PublishAndFollowAsync();
        EntryWire hard = await Kernel.WalkAsync("dir/hard");
        Assert.Equal(hard.NodeId, (await Kernel.WalkAsync("a")).NodeId);
        Command.Run("chmod", "604", _source["a"]);
        string notice = Assert.Single(await _tree.PublishAndFollowAsync());
        Assert.StartsWith("attributes ", notice, StringComparison.Ordinal);
        Assert.Equal(0x184u, (await Kernel.GetAttrAsync(hard.NodeId)).Mode & 0xfff);
        byte[] now = Change("a");
        Assert.DoesNotContain(await _tree.PublishAndFollowAsync(), n => n.StartsWith("name ", StringComparison.Ordinal));
        Assert.Equal(now, await Kernel.ReadAllAsync("dir/hard"));
        Assert.Equal((await Kernel.WalkAsync("dir/hard")).NodeId, (await Kernel.WalkAsync("a")).NodeId);
    }

    [Fact]
    public async Task A_generation_is_shown_as_a_whole_or_not_at_all()
    {
        byte[] before = File.ReadAllBytes(_source["a"]);
        Kernel.Notices.Clear();
        _tree.Hold(controlToo: false);
        Change("a");
        Change("dir/sub/a");
        await _tree.PublishAsync();
        // It is known that there is another one, but not yet what it holds: the kernel is told of the old one.
        EntryWire old = await Kernel.WalkAsync("a");
        Assert.Empty(Kernel.Notices);
        _tree.LetGo();
        await _tree.FollowedAsync();
        Assert.Equal(["listing /", "listing a", "listing dir/sub", "listing dir/sub/a"], Kernel.Print(Kernel.Notices));
        Assert.Equal(old.NodeId, (await Kernel.WalkAsync("a")).NodeId);
        Assert.NotEqual(before, await Kernel.ReadAllAsync("a"));
    }

    [Fact]
    public async Task Who_waits_for_a_directory_while_a_generation_comes_sees_the_new_one()
    {
        await using MountedTree tree = await MountedTree.StartAsync(_source);
        EntryWire unseen = await tree.Kernel.WalkAsync("unseen");
        tree.Hold();
        (_, Task<byte[]> waiting) = tree.Kernel.Begin(FuseOpcode.Lookup, unseen.NodeId, "new\0"u8.ToArray());
        Change("unseen/new");
        await tree.PublishAsync();
        tree.Follow();
        tree.LetGo();
        byte[] reply = await Until.DoneAsync(waiting);
        await tree.FollowedAsync();
        // Either it was told of the new name, or of none, and then that this is not so any more.
        ulong node = BitConverter.ToUInt64(reply, 16);
        Assert.True(node != 0 || tree.Kernel.Print(tree.Kernel.Notices).Contains("name unseen/new"));
        Assert.NotEqual(0UL, (await tree.Kernel.WalkAsync("unseen/new")).NodeId);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task After_random_changes_what_the_kernel_keeps_is_what_the_source_has(int seed)
    {
        var random = new Random(seed);
        var cache = new KernelCache(_tree.Kernel);
        await cache.LookAtAllAsync();
        for (int generation = 0; generation < 8; generation++)
        {
            for (int i = 0; i < 4; i++)
                ChangeAnything(random, generation * 10 + i);
            await _tree.PublishAndFollowAsync();
            cache.Drop(Kernel.Notices);
            Assert.Equal(Expected(), await cache.LookAtAllAsync());
        }
    }

    private void ChangeAnything(Random random, int number)
    {
        string[] directories = [.. Directory.GetDirectories(_source.Root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal), _source.Root];
        string directory = directories[random.Next(directories.Length)];
        string[] files = [.. Directory.GetFiles(directory).Order(StringComparer.Ordinal)];
        string file = files.Length == 0 ? Path.Combine(directory, "x") : files[random.Next(files.Length)];
        switch (random.Next(6))
        {
            case 0:
                File.Delete(file);
                break;
            case 1:
                File.WriteAllBytes(Path.Combine(directory, $"new{number}"), Files.Random(random.Next(1000), number));
                break;
            case 2:
                Directory.CreateDirectory(Path.Combine(directory, $"dir{number}"));
                break;
            case 3:
                Command.Run("chmod", $"6{number % 8}4", directory == _source.Root ? _source["dir"] : directory);
                break;
            case 4 when File.Exists(file):
                Command.Run("ln", file, Path.Combine(_source.Root, $"hard{number}"));
                break;
            default:
                File.WriteAllBytes(file, Files.Random(random.Next(300_000), number));
                break;
        }
    }

    private List<string> Expected()
    {
        List<string> lines = [];
        foreach (string path in Directory.EnumerateFileSystemEntries(_source.Root, "*", SearchOption.AllDirectories))
        {
            Assert.Equal(0, Syscall.lstat(path, out Stat stat));
            bool isDirectory = (stat.st_mode & FilePermissions.S_IFMT) == FilePermissions.S_IFDIR;
            lines.Add(KernelCache.Line(Path.GetRelativePath(_source.Root, path), (uint)stat.st_mode, (ulong)stat.st_mtime, (uint)stat.st_mtime_nsec,
                (uint)stat.st_nlink, isDirectory ? 0 : (ulong)stat.st_size));
        }
        lines.Sort(StringComparer.Ordinal);
        return lines;
    }
}
