using System.Text;
using Mono.Unix.Native;
using Xget.Fuse;
using Xget.Lab;
using Xget.Mount.Tests.Running;
using Xget.Node.Tests;

namespace Xget.Mount.Tests.Mounted;

/// <summary>Names and attributes, as the master's directory has them.</summary>
public sealed class NamesTests(NamesTests.Source source) : IClassFixture<NamesTests.Source>
{
    private const ulong ThousandYears = 1000UL * 365 * 86400; // in seconds

    private Kernel Kernel => source.Tree.Kernel;

    /// <summary>A directory with one of everything, and a mount that all tests look at.</summary>
    public sealed class Source : IAsyncLifetime
    {
        internal Files Files { get; } = new();

        internal MountedTree Tree { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Files.Add("file", [1, 2, 3]);
            Files.Add("large", Files.Random(300_000));
            Files.Add("empty", []);
            for (int i = 0; i < 500; i++)
                Files.Add($"many/{i:d3}-{new string('n', i % 200)}", [(byte)i]);
            Files.Add("dir/inner", [5]);
            Directory.CreateDirectory(Files["dir/sub"]);
            File.CreateSymbolicLink(Files["link"], "dir/../file");
            Command.Run("ln", Files["file"], Files["dir/hard"]);
            Command.Run("ln", "-P", Files["link"], Files["dir/hardlink"]);
            Command.Run("mkfifo", "-m", "640", Files["fifo"]);
            Command.Run("chmod", "4751", Files["large"]);
            Command.Run("touch", "-d", "2001-02-03T04:05:06.123456789Z", Files["large"]);
            Command.Run("touch", "-d", "1955-02-03T04:05:06.5Z", Files["empty"]);
            Tree = await MountedTree.StartAsync(Files);
        }

        public async Task DisposeAsync()
        {
            await Tree.DisposeAsync();
            Files.Dispose();
        }
    }

    [Fact]
    public async Task A_look_up_gives_what_the_kernel_may_keep_for_ever()
    {
        EntryWire entry = await Kernel.WalkAsync("dir/inner");
        Assert.True(entry.EntryValid > ThousandYears);
        Assert.True(entry.AttrValid > ThousandYears);
        Assert.Equal(entry.Attr, await Kernel.GetAttrAsync(entry.NodeId));
    }

    [Fact]
    public async Task A_name_that_is_not_there_is_a_negative_entry_that_the_kernel_may_keep()
    {
        FuseResult<EntryWire> entry = await Kernel.TryLookupAsync(1, "nothing");
        Assert.Equal((Errno)0, entry.Error);
        Assert.Equal(0UL, entry.Value.NodeId);
        Assert.True(entry.Value.EntryValid > ThousandYears);
    }

    [Fact]
    public async Task Who_has_a_file_handle_finds_the_node_and_the_directory_above()
    {
        await using MountedTree tree = await MountedTree.StartAsync(source.Files);
        EntryWire directory = await tree.Kernel.WalkAsync("dir/sub");
        EntryWire file = await tree.Kernel.WalkAsync("file");
        EntryWire self = Kernel.Value(await tree.Kernel.TryLookupAsync(file.NodeId, "."));
        Assert.Equal((file.NodeId, file.Generation), (self.NodeId, self.Generation));
        EntryWire above = Kernel.Value(await tree.Kernel.TryLookupAsync(directory.NodeId, ".."));
        Assert.Equal((await tree.Kernel.WalkAsync("dir")).NodeId, above.NodeId);
        Assert.Equal((1UL, 0UL), Kernel.Value(await tree.Kernel.TryLookupAsync(above.NodeId, "..")) is var root ? (root.NodeId, root.Generation) : default);
        // Each of these answers was a look-up that is to be forgotten.
        tree.Kernel.Forget(file.NodeId, 1);
        Assert.Equal(file.NodeId, Kernel.Value(await tree.Kernel.TryLookupAsync(file.NodeId, ".")).NodeId);
        tree.Kernel.Forget(file.NodeId, 2);
        Assert.Equal(Errno.ESTALE, (await tree.Kernel.TryLookupAsync(file.NodeId, ".")).Error);
    }

    [Fact]
    public async Task A_name_longer_than_any_is_too_long_and_not_one_that_is_not_there()
    {
        Assert.Equal(Errno.ENAMETOOLONG, (await Kernel.TryLookupAsync(1, new string('n', 256))).Error);
        Assert.Equal(0UL, Kernel.Value(await Kernel.TryLookupAsync(1, new string('n', 255))).NodeId);
    }

    [Fact]
    public async Task Nothing_is_below_a_file()
    {
        EntryWire file = await Kernel.WalkAsync("file");
        Assert.Equal(Errno.ENOTDIR, (await Kernel.TryLookupAsync(file.NodeId, "x")).Error);
    }

    [Fact]
    public async Task A_node_that_was_forgotten_is_stale()
    {
        await using MountedTree tree = await MountedTree.StartAsync(source.Files);
        EntryWire file = await tree.Kernel.WalkAsync("file");
        tree.Kernel.Forget(file.NodeId, 1);
        Assert.Equal(Errno.ESTALE, Kernel.ErrorOf(await tree.Kernel.AskAsync(FuseOpcode.GetAttr, file.NodeId, new byte[16])));
        Assert.Equal(Errno.ESTALE, (await tree.Kernel.TryOpenAsync(file.NodeId)).Error);
        Assert.Equal(Errno.ESTALE, (await tree.Kernel.TryListAsync(file.NodeId, false, 0, 4096)).Error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("file")]
    [InlineData("large")]
    [InlineData("empty")]
    [InlineData("dir")]
    [InlineData("dir/sub")]
    [InlineData("dir/hard")]
    [InlineData("dir/hardlink")]
    [InlineData("link")]
    [InlineData("fifo")]
    public async Task Attributes_are_those_of_the_source(string path)
    {
        Assert.Equal(0, Syscall.lstat(source.Files[path], out Stat expected));
        FuseAttr attr = await Kernel.GetAttrAsync((await Kernel.WalkAsync(path)).NodeId);
        Assert.Equal((uint)expected.st_mode, attr.Mode);
        Assert.Equal(((uint)expected.st_uid, (uint)expected.st_gid), (attr.Uid, attr.Gid));
        Assert.Equal(((ulong)expected.st_mtime, (uint)expected.st_mtime_nsec), (attr.Mtime, attr.MtimeNsec));
        Assert.Equal((uint)expected.st_nlink, attr.Nlink);
        if ((expected.st_mode & FilePermissions.S_IFMT) != FilePermissions.S_IFDIR)
            Assert.Equal((ulong)expected.st_size, attr.Size);
    }

    [SkippableFact]
    public async Task Device_nodes_keep_their_numbers()
    {
        using var files = new Files();
        bool made = Command.Try("mknod", [files["device"], "b", "259", "70000"]).Status == 0;
        Skip.If(!made && Environment.GetEnvironmentVariable("CI") != "true", "needs root to make device nodes");
        Assert.True(made);
        await using MountedTree tree = await MountedTree.StartAsync(files);
        FuseAttr attr = (await tree.Kernel.WalkAsync("device")).Attr;
        Assert.Equal((uint)FilePermissions.S_IFBLK, attr.Mode & (uint)FilePermissions.S_IFMT);
        Assert.Equal((70000u & 0xff) | (259u << 8) | ((70000u & ~0xffu) << 12), attr.Rdev);
    }

    [Fact]
    public async Task Names_of_one_file_are_one_node()
    {
        EntryWire first = await Kernel.WalkAsync("file");
        Assert.Equal(first.NodeId, (await Kernel.WalkAsync("dir/hard")).NodeId);
        Assert.Equal(2u, first.Attr.Nlink);
        Assert.NotEqual(first.NodeId, (await Kernel.WalkAsync("dir/inner")).NodeId);
    }

    [Fact]
    public async Task A_symbolic_link_says_where_to_and_nothing_else_does()
    {
        EntryWire link = await Kernel.WalkAsync("link");
        Assert.Equal("dir/../file", Encoding.UTF8.GetString(Kernel.Value(await Kernel.TryReadLinkAsync(link.NodeId))));
        Assert.Equal(Errno.EINVAL, (await Kernel.TryReadLinkAsync((await Kernel.WalkAsync("file")).NodeId)).Error);
    }

    [Fact]
    public async Task What_is_no_regular_file_cannot_be_opened_as_one()
    {
        Assert.Equal(Errno.EISDIR, (await Kernel.TryOpenAsync((await Kernel.WalkAsync("dir")).NodeId)).Error);
        Assert.Equal(Errno.EINVAL, (await Kernel.TryOpenAsync((await Kernel.WalkAsync("fifo")).NodeId)).Error);
    }

    [Theory]
    [InlineData(OpenFlags.O_WRONLY)]
    [InlineData(OpenFlags.O_RDWR)]
    [InlineData(OpenFlags.O_RDONLY | OpenFlags.O_TRUNC)]
    public async Task Nothing_can_be_opened_for_writing(OpenFlags flags) =>
        Assert.Equal(Errno.EROFS, (await Kernel.TryOpenAsync((await Kernel.WalkAsync("file")).NodeId, flags)).Error);

    [Theory]
    [InlineData(false, 512)]
    [InlineData(false, 4096)]
    [InlineData(true, 1024)]
    [InlineData(true, 4096)]
    [InlineData(true, 1 << 20)]
    public async Task A_listing_has_every_name_once_however_many_answers_it_takes(bool plus, int size)
    {
        EntryWire many = await Kernel.WalkAsync("many");
        (List<Kernel.Listed> entries, int answers) = await Kernel.ListAsync(many.NodeId, plus, (uint)size);
        Assert.Equal([".", "..", .. Directory.GetFiles(source.Files["many"]).Select(Path.GetFileName).Order(StringComparer.Ordinal)!],
            entries.Select(e => e.Name));
        Assert.True(answers > 2 || size > 1 << 16);
        Assert.Equal(entries.Select(e => e.Next).Order().Distinct(), entries.Select(e => e.Next));
    }

    [Fact]
    public async Task A_listing_goes_on_after_any_of_its_entries()
    {
        EntryWire many = await Kernel.WalkAsync("many");
        (List<Kernel.Listed> entries, _) = await Kernel.ListAsync(many.NodeId, plus: false);
        for (int i = 0; i < entries.Count - 1; i += 17)
        {
            Kernel.Listed[] rest = Kernel.Value(await Kernel.TryListAsync(many.NodeId, false, entries[i].Next, 4096));
            Assert.Equal(entries[i + 1], rest[0]);
        }
        Assert.Empty(Kernel.Value(await Kernel.TryListAsync(many.NodeId, false, ulong.MaxValue, 4096)));
    }

    [Fact]
    public async Task A_listing_shows_types_and_the_inode_numbers_of_stat()
    {
        (List<Kernel.Listed> plain, _) = await Kernel.ListAsync(1, plus: false);
        (List<Kernel.Listed> plus, _) = await Kernel.ListAsync(1, plus: true);
        foreach ((Kernel.Listed a, Kernel.Listed b) in plain.Zip(plus))
        {
            Assert.Equal((a.Name, a.Ino, a.Type, a.Next), (b.Name, b.Ino, b.Type, b.Next));
            FuseAttr attr = b.Name is "." or ".." ? await Kernel.GetAttrAsync(1) : (await Kernel.WalkAsync(b.Name)).Attr;
            Assert.Equal((attr.Ino, attr.Mode >> 12), (a.Ino, a.Type));
            Assert.Equal(attr, b.Entry!.Value.Attr);
        }
        Assert.Equal(plain.Count - 1, plain.Select(e => e.Ino).Distinct().Count());
    }

    [Fact]
    public async Task A_listing_with_attributes_counts_a_look_up_of_each_entry_and_one_without_none()
    {
        await using MountedTree tree = await MountedTree.StartAsync(source.Files);
        EntryWire many = await tree.Kernel.WalkAsync("many");
        int before = tree.Files.Inodes.Count;
        await tree.Kernel.ListAsync(many.NodeId, plus: false);
        Assert.Equal(before, tree.Files.Inodes.Count);
        (List<Kernel.Listed> entries, _) = await tree.Kernel.ListAsync(many.NodeId, plus: true, 1000);
        Assert.Equal(before + 500, tree.Files.Inodes.Count);
        foreach (Kernel.Listed entry in entries.Skip(2))
            tree.Kernel.Forget(entry.Entry!.Value.NodeId, 1);
        Assert.Equal(before, tree.Files.Inodes.Count);
    }

    [SkippableFact]
    public async Task Extended_attributes_are_the_sources_own_and_those_that_tell_the_state()
    {
        using var files = new Files();
        files.Add("file", [1, 2, 3]);
        bool set = Command.Try("setfattr", ["-n", "user.comment", "-v", "four", files["file"]]).Status == 0;
        Skip.If(!set && Environment.GetEnvironmentVariable("CI") != "true", "needs setfattr and a file system with user attributes");
        Assert.True(set);
        await using MountedTree tree = await MountedTree.StartAsync(files);
        ulong file = (await tree.Kernel.WalkAsync("file")).NodeId;
        Assert.Equal(["user.comment", "user.xget.path"], await tree.Kernel.ListXattrsAsync(file));
        Assert.Equal("four"u8.ToArray(), Kernel.Value(await tree.Kernel.TryGetXattrAsync(file, "user.comment")));
        Assert.Equal("file"u8.ToArray(), Kernel.Value(await tree.Kernel.TryGetXattrAsync(file, "user.xget.path")));
        Assert.Equal(Errno.ENODATA, (await tree.Kernel.TryGetXattrAsync(file, "user.other")).Error);
        Assert.Equal(Errno.ENODATA, (await tree.Kernel.TryGetXattrAsync(file, "user.xget.stats")).Error);
        Assert.Equal(Errno.ERANGE, (await tree.Kernel.TryGetXattrAsync(file, "user.comment", 3)).Error);
        Assert.Equal(BitConverter.GetBytes(4L), Kernel.Value(await tree.Kernel.TryGetXattrAsync(file, "user.comment", 0)));
        Assert.Equal("a 1\nb 2\n"u8.ToArray(), Kernel.Value(await tree.Kernel.TryGetXattrAsync(1, "user.xget.stats")));
    }

    [Fact]
    public async Task The_file_system_tells_its_sizes()
    {
        FuseStatFs sizes = await Kernel.StatFsAsync();
        Assert.Equal(505UL, sizes.Files);
        Assert.Equal(4096u, sizes.BlockSize);
    }

    [Fact]
    public async Task Many_who_need_one_directory_wait_for_one_loading()
    {
        await using MountedTree tree = await MountedTree.StartAsync(source.Files);
        Task<EntryWire>[] walks = [.. Enumerable.Range(0, 50).Select(i => tree.Kernel.WalkAsync("dir/inner"))];
        EntryWire[] found = await Task.WhenAll(walks);
        Assert.Single(found.Select(e => e.NodeId).Distinct());
        Assert.Equal(3, tree.Files.Inodes.Count);
    }

    [Fact]
    public async Task Looking_at_everything_again_asks_the_master_for_nothing()
    {
        int requests = 0;
        await using MountedTree tree = await MountedTree.StartAsync(source.Files, trace: line =>
        {
            if (line.Contains("Twalk", StringComparison.Ordinal) || line.Contains("Tread", StringComparison.Ordinal))
                Interlocked.Increment(ref requests);
        });
        List<string> first = await LookAtAllAsync(tree.Kernel);
        int after = requests;
        Assert.True(after > 0);
        Assert.Equal(first, await LookAtAllAsync(tree.Kernel));
        Assert.Equal(after, requests);
    }

    private static async Task<List<string>> LookAtAllAsync(Kernel kernel)
    {
        List<string> seen = [];
        Stack<(ulong NodeId, string Path)> left = new([(1, "")]);
        while (left.TryPop(out (ulong NodeId, string Path) directory))
        {
            foreach (Kernel.Listed entry in (await kernel.ListAsync(directory.NodeId, plus: true)).Entries.Skip(2))
            {
                string path = $"{directory.Path}/{entry.Name}";
                seen.Add($"{path} {entry.Entry!.Value.Attr}");
                Assert.Equal(entry.Entry.Value.Attr, await kernel.GetAttrAsync(entry.Entry.Value.NodeId));
                if (entry.Type == (uint)FilePermissions.S_IFDIR >> 12)
                    left.Push((entry.Entry.Value.NodeId, path));
            }
        }
        return seen;
    }
}
