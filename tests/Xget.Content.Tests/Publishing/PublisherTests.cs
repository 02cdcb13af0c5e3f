using System.Text;
using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Content.Tests;

public sealed class PublisherTests : IDisposable
{
    private readonly SourceFolder _folder = new();

    [Fact]
    public async Task An_empty_directory_is_a_generation_of_one_object()
    {
        using var generation = await _folder.Publish();
        Assert.Equal((0L, 1L, 0L, 1UL), (generation.Files, generation.Directories, generation.Bytes, generation.Number));
        Assert.Equal([generation.Root], generation.Contents);
        Assert.Empty(ObjectOf(generation, generation.Tree).Entries);
        Assert.Empty(generation.Warnings);
    }

    [Fact]
    public async Task Directory_objects_say_what_the_tree_says()
    {
        _folder.Write("b/inner/file", 10);
        _folder.Write("a", 200_000);
        _folder.Make("c");
        File.CreateSymbolicLink(_folder["l"], "nowhere/at all");
        using var generation = await _folder.Publish();
        Visit(generation.Tree);
        Assert.Equal((2L, 4L, 200_010L), (generation.Files, generation.Directories, generation.Bytes));
        Assert.Equal(4u, generation.Tree.Attributes.LinkCount);
        Assert.Equal("nowhere/at all", Encoding.UTF8.GetString(generation.At("l").SymlinkTarget));
        Assert.Equal("b/inner/file", generation.At("b/inner/file").ToString());

        void Visit(PublishedNode directory)
        {
            var read = ObjectOf(generation, directory);
            Assert.Equal(directory.Attributes, read.Self);
            Assert.Equal(directory.Children.Select(child => child.Entry), read.Entries.AsEnumerable());
            foreach (var child in directory.Children.Where(child => child.Type == EntryType.Directory))
                Visit(child);
        }
    }

    [Fact]
    public async Task The_same_tree_gives_the_same_root_whatever_the_number_of_threads()
    {
        for (var i = 0; i < 60; i++)
            _folder.Write($"d{i % 7}/f{i}", i * 7000, seed: i);
        _folder.Write("huge", 40_000_000);
        using var one = await _folder.Publish(options: new PublishOptions { Parallelism = 1 });
        using var many = await _folder.Publish(options: new PublishOptions { Parallelism = 8 });
        Assert.Equal(one.Root, many.Root);
        Assert.Equal(one.Contents.Order(), many.Contents.Order());
    }

    [Fact]
    public async Task Checksums_are_those_of_each_files_own_bytes()
    {
        foreach (var size in new[] { 0, 1, 65535, 65536, 128 << 10, (128 << 10) + 1, 16 << 20, (16 << 20) + 1, 35_000_000 })
            _folder.Write($"f{size}", size, seed: size);
        using var generation = await _folder.Publish();
        foreach (var node in generation.Tree.Children)
        {
            var bytes = File.ReadAllBytes(_folder[node.Name.ToString()]);
            Assert.Equal(Adler32.Append(1, bytes), node.Adler32);
            Assert.Equal(node.Data.Length, (ulong)bytes.Length);
            if (bytes.Length > 128 << 10)
                Assert.Equal(ChunkTable.Of(bytes).Content, node.Data.Content);
        }
        Assert.True(generation.At("f0").Data.IsNone);
    }

    [Fact]
    public async Task Names_of_one_file_share_its_bytes_and_its_number()
    {
        _folder.Write("a", 1000);
        _folder.Write("z/big", 1_000_000);
        SourceFolder.Ok(Syscall.link(_folder["a"], _folder["z/a2"]));
        SourceFolder.Ok(Syscall.link(_folder["z/big"], _folder["big2"]));
        var progress = new LastProgress();
        using var generation = await _folder.Publish(progress: progress);
        Assert.Equal(1_001_000, progress.Last.BytesHashed);
        Assert.Equal((4L, 1_001_000L), (generation.Files, generation.Bytes));
        foreach (var (one, other) in new[] { ("a", "z/a2"), ("z/big", "big2") })
        {
            Assert.Equal(generation.At(one).Data, generation.At(other).Data);
            Assert.Equal(generation.At(one).Id, generation.At(other).Id);
            Assert.Equal(generation.At(one).Attributes, generation.At(other).Attributes);
            Assert.Equal(2u, generation.At(one).Attributes.LinkCount);
            Assert.NotEqual(0UL, generation.At(one).Attributes.LinkIdentity);
        }
        Assert.NotEqual(generation.At("a").Attributes.LinkIdentity, generation.At("big2").Attributes.LinkIdentity);
    }

    [Fact]
    public async Task Every_byte_that_a_name_may_have_is_published()
    {
        for (var value = 1; value < 256; value++)
            if (value is not ('/' or '.'))
                Create([(byte)value]);
        Create("...\n\\ \xff"u8.ToArray());
        Create([.. Enumerable.Repeat((byte)0xfe, 255)]);
        using var generation = await _folder.Publish();
        Assert.Equal(255, generation.Tree.Children.Count);
        Assert.Empty(generation.Warnings);
        foreach (var node in generation.Tree.Children)
            Assert.Equal(node.Name.Bytes.ToArray(), node.ReadAll());
        Assert.Equal(255, generation.Tree.Children.Select(node => node.Name.ToString()).Distinct().Count());

        // .NET's paths are UTF-16: odd bytes go through the shell's printf.
        void Create(byte[] name)
        {
            var octal = string.Concat(name.Select(value => "\\" + Convert.ToString(value, 8).PadLeft(3, '0')));
            SourceFolder.Run("bash", "-c",
                $"f=$(printf '{octal}x'); printf '{octal}' > \"$1/${{f%x}}\"", "bash", _folder.Root);
        }
    }

    [SkippableFact]
    public async Task Devices_fifos_and_sockets_are_published_as_what_they_are()
    {
        Prerequisite.Root();
        const FilePermissions Mode = FilePermissions.S_IRUSR;
        SourceFolder.Ok(Syscall.mknod(_folder["char"], FilePermissions.S_IFCHR | Mode, Device(5, 300)));
        SourceFolder.Ok(Syscall.mknod(_folder["block"], FilePermissions.S_IFBLK | Mode, Device(259, 70000)));
        SourceFolder.Ok(Syscall.mkfifo(_folder["fifo"], FilePermissions.S_IRUSR));
        SourceFolder.Ok(Syscall.mknod(_folder["socket"], FilePermissions.S_IFSOCK | Mode, 0));
        using var generation = await _folder.Publish();
        Assert.Equal((EntryType.Character, 5u, 300u), Rdev("char"));
        Assert.Equal((EntryType.Block, 259u, 70000u), Rdev("block"));
        Assert.Equal((EntryType.Fifo, 0u, 0u), Rdev("fifo"));
        Assert.Equal((EntryType.Socket, 0u, 0u), Rdev("socket"));
        Assert.Equal(Errno.EINVAL, generation.At("char").Read(0, 1).Error);

        (EntryType, uint, uint) Rdev(string name)
        {
            var attributes = generation.At(name).Attributes;
            return (attributes.Type, attributes.RdevMajor, attributes.RdevMinor);
        }

        static ulong Device(ulong major, ulong minor) => (minor & 0xff) | (major << 8) | ((minor & ~0xffUL) << 12);
    }

    [SkippableFact]
    public async Task Extended_attributes_of_files_directories_and_symlinks_are_published_in_order()
    {
        Prerequisite.Root();
        _folder.Write("file", 10);
        _folder.Make("dir");
        File.CreateSymbolicLink(_folder["link"], "file");
        byte[] capability = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        SourceFolder.Ok(Syscall.setxattr(_folder["file"], "user.z", [1, 2, 3]));
        SourceFolder.Ok(Syscall.setxattr(_folder["file"], "user.a", []));
        SourceFolder.Ok(Syscall.setxattr(_folder["file"], "security.capability", capability));
        SourceFolder.Ok(Syscall.setxattr(_folder["dir"], "user.d", new byte[1000]));
        SourceFolder.Ok(Syscall.lsetxattr(_folder["link"], "trusted.l", [9]));
        using var generation = await _folder.Publish();
        Assert.Equal([("security.capability", 20), ("user.a", 0), ("user.z", 3)], Xattrs("file"));
        Assert.Equal([("user.d", 1000)], Xattrs("dir"));
        Assert.Equal([("trusted.l", 1)], Xattrs("link"));
        Assert.Equal(capability, generation.At("file").Xattrs[0].Value);
        Assert.Empty(generation.Warnings);

        IEnumerable<(string, int)> Xattrs(string path) =>
            generation.At(path).Xattrs.Select(xattr => (Encoding.ASCII.GetString(xattr.Name), xattr.Value.Length));
    }

    [Fact]
    public async Task Symlinks_are_never_followed_below_the_root()
    {
        using var outside = new SourceFolder();
        outside.Write("secret", 300_000);
        Directory.CreateSymbolicLink(_folder["dir"], outside.Root);
        File.CreateSymbolicLink(_folder["file"], outside["secret"]);
        File.CreateSymbolicLink(_folder["loop"], "loop");
        using var generation = await _folder.Publish();
        Assert.All(generation.Tree.Children, node => Assert.Equal(EntryType.Symlink, node.Type));
        Assert.Equal((0L, 1L, 1), (generation.Files, generation.Directories, generation.Contents.Count));
    }

    [Fact]
    public async Task A_root_that_is_named_through_a_symlink_is_followed()
    {
        using var elsewhere = new SourceFolder();
        elsewhere.Write("file", 5);
        Directory.CreateSymbolicLink(_folder["export"], elsewhere.Root);
        using var generation = await _folder.Publish(path: "export");
        Assert.Equal(5, generation.At("file").ReadAll().Length);
    }

    [Theory]
    [InlineData("dir/file")]
    [InlineData("link")]
    [InlineData("link2")]
    public async Task A_single_file_is_the_one_entry_of_a_root_directory(string path)
    {
        _folder.Write("dir/file", 300_000);
        _folder.Write("dir/other", 10);
        File.CreateSymbolicLink(_folder["link"], "dir/file");
        File.CreateSymbolicLink(_folder["link2"], _folder["link"]);
        using var generation = await _folder.Publish(path: path);
        var node = Assert.Single(generation.Tree.Children);
        Assert.Equal(Path.GetFileName(path), node.Name.ToString());
        Assert.Equal(EntryType.Regular, node.Type);
        Assert.Equal(File.ReadAllBytes(_folder["dir/file"]), node.ReadAll());
        Assert.Equal((1L, 1L, 300_000L), (generation.Files, generation.Directories, generation.Bytes));
        Assert.Equal(0x1ed, generation.Tree.Attributes.Mode);
    }

    [Theory]
    [InlineData("missing", Errno.ENOENT)]
    [InlineData("file/below", Errno.ENOTDIR)]
    [InlineData("fifo", Errno.EINVAL)]
    [InlineData("dangling", Errno.ENOENT)]
    [InlineData("nul\0", Errno.EINVAL)]
    public async Task What_cannot_be_published_at_all_is_one_clear_error(string path, Errno expected)
    {
        _folder.Write("file", 5);
        File.CreateSymbolicLink(_folder["dangling"], "nowhere");
        SourceFolder.Ok(Syscall.mkfifo(_folder["fifo"], FilePermissions.S_IRUSR));
        var refused = await Assert.ThrowsAsync<PublishException>(() => _folder.Publish(path: path));
        Assert.Equal(expected, refused.Error);
        Assert.Contains(Words.Of(expected), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_path_longer_than_the_system_allows_is_left_out_with_a_warning()
    {
        var name = new string('d', 200);
        SourceFolder.Run("bash", "-c",
            $"cd \"$1\"; for i in $(seq 25); do mkdir {name}; cd -P {name}; done; echo x > file", "bash", _folder.Root);
        using var generation = await _folder.Publish();
        var depth = 0;
        for (var node = generation.Tree; node.Children.Count > 0; node = node.Children[0])
            depth++;
        Assert.Equal(20, depth);    // 20 names and 19 slashes are 4019 bytes
        Assert.Contains("longer than 4095 bytes", Assert.Single(generation.Warnings), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Another_file_system_is_an_empty_directory_with_the_option_and_published_without()
    {
        Prerequisite.Root();
        var mount = _folder.Make("mnt");
        SourceFolder.Run("mount", "-t", "tmpfs", "xget-test", mount);
        try
        {
            _folder.Write("mnt/inside", 10);
            using var one = await _folder.Publish(options: new PublishOptions { OneFileSystem = true });
            Assert.Empty(one.At("mnt").Children);
            using var all = await _folder.Publish();
            Assert.Equal("inside", Assert.Single(all.At("mnt").Children).Name.ToString());
        }
        finally
        {
            SourceFolder.Run("umount", mount);
        }
    }

    [Fact]
    public async Task Numbers_are_the_inodes_and_nothing_shares_one()
    {
        for (var i = 0; i < 50; i++)
            _folder.Write($"d{i % 3}/f{i}", i, seed: i);
        using var generation = await _folder.Publish();
        List<PublishedNode> nodes = [generation.Tree];
        for (var i = 0; i < nodes.Count; i++)
            nodes.AddRange(nodes[i].Children);
        Assert.Equal(nodes.Count, nodes.Select(node => node.Id).Distinct().Count());
        foreach (var node in nodes)
        {
            SourceFolder.Ok(Syscall.lstat(_folder[node.ToString()], out var stat));
            Assert.Equal(stat.st_ino, node.Id);
        }
    }

    [Fact]
    public async Task Publishing_can_be_cancelled()
    {
        _folder.Write("file", 1000);
        using var index = DigestIndex.InMemory();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new Publisher(TimeProvider.System).PublishAsync(
            _folder.Root, index, 1, new PublishOptions(), null, new CancellationToken(canceled: true)));
    }

    public void Dispose() => _folder.Dispose();

    private static DirectoryObject ObjectOf(Generation generation, PublishedNode directory)
    {
        var encoded = generation.Find(directory.Data.Content)!.ReadAll()
            .AsSpan((int)directory.Data.Offset, (int)directory.Data.Length);
        Assert.True(DirectoryObject.TryDecode(encoded, out var read, out var reason), reason);
        return read;
    }
}
