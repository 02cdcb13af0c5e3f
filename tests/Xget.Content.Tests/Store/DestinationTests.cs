using Mono.Unix.Native;
using Xget.Content.Store;

namespace Xget.Content.Tests.Store;

public sealed class DestinationTests : IDisposable
{
    private readonly Scratch _scratch = new();

    private Destination Destination => _scratch.Destination;

    [Fact]
    public void Opening_makes_the_missing_directories()
    {
        string path = Path.Combine(_scratch.Directory, "a//b/c/");
        Assert.Equal((Errno)0, Destination.Open(path, new DestinationOptions(), out Destination? made));
        made!.Dispose();
        Assert.True(Directory.Exists(path));
    }

    [Fact]
    public void Opening_a_file_says_that_it_is_no_directory()
    {
        string path = Path.Combine(_scratch.Directory, "file");
        File.WriteAllText(path, "");
        Assert.Equal(Errno.ENOTDIR, Destination.Open(path, new DestinationOptions(), out _));
        Assert.Equal(Errno.ENOTDIR, Destination.Open(path + "/below", new DestinationOptions(), out _));
        Assert.Equal(Errno.ENOENT, Destination.Open("", new DestinationOptions(), out _));
    }

    [Fact]
    public void A_run_with_nothing_to_do_leaves_nothing_behind()
    {
        Destination.FinishDirectory(DestinationPath.Root, Scratch.Directories());
        Assert.Empty(Directory.GetFileSystemEntries(_scratch.Root));
    }

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/../b")]
    [InlineData("/a")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("a\0b")]
    public void A_path_that_could_escape_is_no_path(string path)
        => Assert.False(DestinationPath.TryParse(System.Text.Encoding.UTF8.GetBytes(path), out _));

    [Fact]
    public void A_path_is_the_chain_of_its_names()
    {
        DestinationPath path = DestinationPath.Root.Child(FileName.Of("a")).Child(FileName.Of("b\n"));
        byte[] bytes = new byte[path.Length];
        path.CopyTo(bytes);
        Assert.Equal("a/b\n"u8, bytes);
        Assert.Equal("a/b\\x0a", path.ToString());
        Assert.Equal("a", path.Parent!.ToString());
        Assert.Throws<ArgumentException>(() => path.Child(default));
    }

    [Fact]
    public void A_new_directory_is_its_owners_alone_until_it_is_finished()
    {
        Assert.Equal((Errno)0, Destination.EnsureDirectory(Scratch.At("dir")));
        Assert.Equal("directory 700", Scratch.Stat(_scratch["dir"], "%F %a"));
        Assert.Equal((Errno)0, Destination.PlaceBytes("x"u8, Scratch.At("dir/file"), Scratch.File()));
        Assert.Equal((Errno)0, Destination.FinishDirectory(Scratch.At("dir"), Scratch.Directories(0x3FD)));
        Assert.Equal("1775 2009-02-13 23:31:30.123456789 +0000",
            Scratch.Run("env", "TZ=UTC", "stat", "-c", "%a %y", _scratch["dir"]));
    }

    [Fact]
    public void The_roots_time_is_kept_though_the_partial_directory_goes()
    {
        Destination.PlaceBytes("x"u8, Scratch.At("file"), Scratch.File());
        Assert.Equal((Errno)0, Destination.FinishDirectory(DestinationPath.Root, Scratch.Directories()));
        Destination.Dispose();
        Assert.Equal([_scratch["file"]], Directory.GetFileSystemEntries(_scratch.Root));
        Assert.Equal("1234567890", Scratch.Stat(_scratch.Root, "%Y"));
    }

    [Fact]
    public void An_existing_directory_is_accepted_with_what_is_in_it()
    {
        Directory.CreateDirectory(_scratch["dir"]);
        File.WriteAllText(_scratch["dir/file"], "x");
        Assert.Equal((Errno)0, Destination.EnsureDirectory(Scratch.At("dir")));
        Assert.Equal((Errno)0, Destination.EnsureDirectory(DestinationPath.Root));
        Assert.True(File.Exists(_scratch["dir/file"]));
    }

    [Fact]
    public void A_file_in_a_directorys_place_is_replaced()
    {
        File.WriteAllText(_scratch["dir"], "a file");
        Assert.Equal((Errno)0, Destination.EnsureDirectory(Scratch.At("dir")));
        Assert.True(Directory.Exists(_scratch["dir"]));
    }

    [Fact]
    public void A_symlink_in_a_directorys_place_is_replaced_and_never_followed()
    {
        string elsewhere = Directory.CreateDirectory(Path.Combine(_scratch.Directory, "elsewhere")).FullName;
        File.CreateSymbolicLink(_scratch["dir"], elsewhere);
        Assert.Equal((Errno)0, Destination.EnsureDirectory(Scratch.At("dir")));
        Assert.Equal((Errno)0, Destination.PlaceBytes("x"u8, Scratch.At("dir/file"), Scratch.File()));
        Assert.Equal("directory", Scratch.Stat(_scratch["dir"], "%F"));
        Assert.Empty(Directory.GetFileSystemEntries(elsewhere));
    }

    [Fact]
    public async Task A_symlink_in_the_middle_of_a_path_is_refused_by_every_operation()
    {
        string elsewhere = Directory.CreateDirectory(Path.Combine(_scratch.Directory, "elsewhere")).FullName;
        await File.WriteAllTextAsync(Path.Combine(elsewhere, "there"), "untouched");
        File.CreateSymbolicLink(_scratch["link"], elsewhere);
        DestinationPath path = Scratch.At("link/new"), there = Scratch.At("link/there");
        Sample sample = Sample.Random(100);
        using FileContent content = await sample.StoreIn(Destination);
        EntryAttributes symlink = Scratch.File() with { Type = EntryType.Symlink, SymlinkTarget = [1] };
        EntryAttributes fifo = Scratch.File() with { Type = EntryType.Fifo };
        byte[] buffer = new byte[100];

        Assert.Equal(Errno.ELOOP, Destination.EnsureDirectory(path));
        Assert.Equal(Errno.ELOOP, Destination.FinishDirectory(Scratch.At("link"), Scratch.Directories()));
        Assert.Equal(Errno.ELOOP, Destination.ApplyMetadata(there, Scratch.File()));
        Assert.Equal(Errno.ELOOP, Destination.PlaceBytes("x"u8, path, Scratch.File()));
        Assert.Equal(Errno.ELOOP, Destination.PlaceRange(content, sample.Whole, path, Scratch.File()));
        Assert.Equal(Errno.ELOOP, Destination.PlaceFile(content, path, Scratch.File()));
        Assert.Equal(Errno.ELOOP, Destination.PlaceSymlink(path, symlink));
        Assert.Equal(Errno.ELOOP, Destination.PlaceNode(path, fifo));
        Assert.Equal(Errno.ELOOP, Destination.PlaceHardLink(path, there));
        Assert.Equal(Errno.ELOOP, Destination.PlaceHardLink(Scratch.At("here"), there));
        Assert.Equal(Errno.ELOOP, Destination.ReadFile(there, buffer, out _));
        Assert.Null((await Destination.CheckFileAsync(there, Scratch.File(), sample.Table, default)).Chunks);
        Assert.Equal(["there"], Directory.GetFileSystemEntries(elsewhere).Select(Path.GetFileName));
        Assert.Equal("untouched", await File.ReadAllTextAsync(Path.Combine(elsewhere, "there")));
    }

    [Fact]
    public async Task A_symlink_as_the_last_name_is_replaced_by_what_is_placed_and_refused_otherwise()
    {
        string victim = Path.Combine(_scratch.Directory, "victim");
        await File.WriteAllTextAsync(victim, "untouched");
        File.CreateSymbolicLink(_scratch["a"], victim);
        File.CreateSymbolicLink(_scratch["b"], victim);
        Sample sample = Sample.Random(100);
        using FileContent content = await sample.StoreIn(Destination);
        Assert.Equal(Errno.ELOOP, Destination.ApplyMetadata(Scratch.At("a"), Scratch.File()));
        Assert.Equal((Errno)0, Destination.PlaceBytes("untouched"u8, Scratch.At("a"), Scratch.File()));
        Assert.Equal((Errno)0, Destination.PlaceFile(content, Scratch.At("b"), Scratch.File()));
        Assert.Equal("regular file", Scratch.Stat(_scratch["a"], "%F"));
        Assert.Equal(sample.Bytes, await File.ReadAllBytesAsync(_scratch["b"]));
        Assert.Equal("untouched", await File.ReadAllTextAsync(victim));
        Assert.NotEqual("1234567890", Scratch.Stat(victim, "%Y"));
    }

    [Fact]
    public void Names_are_bytes()
    {
        byte[] odd = [.. Enumerable.Range(1, 255).Where(b => b != '/').Select(b => (byte)b)];
        DestinationPath directory = DestinationPath.Root.Child(FileName.Of(odd));
        Assert.Equal((Errno)0, Destination.EnsureDirectory(directory));
        DestinationPath file = directory.Child(FileName.Of([0xFF, (byte)'\n', 0x80]));
        Assert.Equal((Errno)0, Destination.PlaceBytes("bytes"u8, file, Scratch.File()));
        string listing = Scratch.Run("sh", "-c", $"cd {_scratch.Root} && find . -type f | od -An -v -tx1 | tr -d ' \\n'");
        Assert.Equal("2e2f" + Convert.ToHexStringLower(odd) + "2fff0a800a", listing);
        byte[] buffer = new byte[10];
        Assert.Equal((Errno)0, Destination.ReadFile(file, buffer, out int count));
        Assert.Equal("bytes"u8, buffer.AsSpan(0, count));
    }

    [Fact]
    public void Paths_may_be_longer_than_the_kernel_takes_in_one_call()
    {
        DestinationPath path = DestinationPath.Root;
        for (int depth = 0; depth < 60; depth++)
        {
            path = path.Child(FileName.Of(new string((char)('a' + depth % 26), 200)));
            Assert.Equal((Errno)0, Destination.EnsureDirectory(path));
        }
        DestinationPath file = path.Child(FileName.Of("f"));
        Assert.Equal((Errno)0, Destination.PlaceBytes("deep"u8, file, Scratch.File()));
        Assert.Equal((Errno)0, Destination.FinishDirectory(path, Scratch.Directories()));
        byte[] buffer = new byte[10];
        Assert.Equal((Errno)0, Destination.ReadFile(file, buffer, out int count));
        Assert.Equal("deep"u8, buffer.AsSpan(0, count));
    }

    [Fact]
    public void The_partial_directorys_name_is_not_for_entries()
    {
        Assert.Equal(Errno.EEXIST, Destination.EnsureDirectory(Scratch.At(".xget-partial")));
        Assert.Equal(Errno.EEXIST, Destination.PlaceBytes("x"u8, Scratch.At(".xget-partial"), Scratch.File()));
        Assert.Equal((Errno)0, Destination.EnsureDirectory(Scratch.At("dir")));
        Assert.Equal((Errno)0, Destination.PlaceBytes("x"u8, Scratch.At("dir/.xget-partial"), Scratch.File()));

        using Destination other = _scratch.Open(new DestinationOptions { PartialName = FileName.Of(".other") });
        Assert.Equal((Errno)0, other.PlaceBytes("x"u8, Scratch.At(".xget-free"), Scratch.File()));
    }

    [Fact]
    public void What_cannot_be_done_to_the_root_is_refused()
    {
        Assert.Equal(Errno.EINVAL, Destination.PlaceBytes("x"u8, DestinationPath.Root, Scratch.File()));
        Assert.Equal(Errno.EINVAL, Destination.PlaceHardLink(Scratch.At("x"), DestinationPath.Root));
        Assert.Equal(Errno.ENOENT, Destination.EnsureDirectory(Scratch.At("missing/dir")));
    }

    public void Dispose() => _scratch.Dispose();
}
