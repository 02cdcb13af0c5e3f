using Mono.Unix.Native;
using Xget.Content.Store;

namespace Xget.Content.Tests.Store;

public sealed class PlaceFileTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly Sample _sample = Sample.Random(40 * Sample.ChunkSize + 7);

    private Destination Destination => _scratch.Destination;

    [Fact]
    public async Task A_complete_content_becomes_the_file_and_can_still_be_read()
    {
        using FileContent content = await _sample.StoreIn(Destination);
        Assert.Equal((Errno)0, Destination.PlaceFile(content, Scratch.At("file"), Scratch.File(0x164)));
        Assert.Equal(_sample.Bytes, await File.ReadAllBytesAsync(_scratch["file"]));
        Assert.Equal("544 1234567890", Scratch.Stat(_scratch["file"], "%a %Y"));
        Assert.Equal(_sample.Bytes, Sample.ReadAll(content));
        Assert.Equal((Errno)0, content.Write(0, _sample.Chunk(0)));
        Assert.Equal(Errno.EALREADY, Destination.PlaceFile(content, Scratch.At("again"), Scratch.File()));
        Assert.Empty(Directory.GetFileSystemEntries(_scratch.PartialPath));
    }

    [Fact]
    public async Task An_incomplete_content_is_not_placed_and_can_be_completed()
    {
        using FileContent content = await _sample.OpenIn(Destination);
        content.Write(0, _sample.Chunk(0));
        Assert.Equal(Errno.ENODATA, Destination.PlaceFile(content, Scratch.At("file"), Scratch.File()));
        Assert.Equal(Errno.ENODATA, Destination.PlaceRange(content, _sample.Range(0, Sample.ChunkSize + 1), Scratch.At("file"), Scratch.File()));
        Assert.False(File.Exists(_scratch["file"]));
        _sample.WriteAllTo(content);
        Assert.Equal((Errno)0, Destination.PlaceFile(content, Scratch.At("file"), Scratch.File()));
    }

    [Fact]
    public async Task The_file_that_is_replaced_keeps_its_bytes_for_those_who_have_it_open()
    {
        await File.WriteAllTextAsync(_scratch["file"], "old");
        using StreamReader old = File.OpenText(_scratch["file"]);
        using FileContent content = await _sample.StoreIn(Destination);
        Assert.Equal((Errno)0, Destination.PlaceFile(content, Scratch.At("file"), Scratch.File()));
        Assert.Equal("old", await old.ReadToEndAsync());
        Assert.Equal(_sample.Bytes, await File.ReadAllBytesAsync(_scratch["file"]));
    }

    [Fact]
    public async Task An_empty_directory_makes_room_and_one_with_entries_does_not()
    {
        Directory.CreateDirectory(_scratch["empty"]);
        Directory.CreateDirectory(_scratch["full/entry"]);
        using FileContent content = await _sample.StoreIn(Destination);
        Assert.Equal(Errno.EISDIR, Destination.PlaceFile(content, Scratch.At("full"), Scratch.File()));
        Assert.Equal(Errno.EISDIR, Destination.PlaceBytes("x"u8, Scratch.At("full"), Scratch.File()));
        Assert.True(Directory.Exists(_scratch["full/entry"]));
        Assert.Equal((Errno)0, Destination.PlaceFile(content, Scratch.At("empty"), Scratch.File()));
        Assert.True(File.Exists(_scratch["empty"]));
        Assert.Empty(Directory.GetFileSystemEntries(_scratch.PartialPath));
    }

    [Fact]
    public async Task A_placed_file_is_open_for_reading_only_so_that_a_program_can_be_executed()
    {
        using FileContent content = await _sample.StoreIn(Destination);
        Assert.Equal((Errno)0, Destination.PlaceFile(content, Scratch.At("program"), Scratch.File(0x1ED)));
        string[] open = [.. Directory.GetFileSystemEntries("/proc/self/fd")
            .Where(fd => new FileInfo(fd).LinkTarget == _scratch["program"])];
        string number = Path.GetFileName(Assert.Single(open));
        string flags = File.ReadLines($"/proc/self/fdinfo/{number}").Single(line => line.StartsWith("flags:", StringComparison.Ordinal));
        Assert.Equal('0', flags[^1]); // O_RDONLY, in octal
    }

    [Fact]
    public async Task Somebody_who_removes_the_partial_directory_does_no_harm()
    {
        using FileContent content = await _sample.OpenIn(Destination);
        Directory.Delete(_scratch.PartialPath, recursive: true);
        _sample.WriteAllTo(content);
        Assert.Equal((Errno)0, Destination.PlaceFile(content, Scratch.At("file"), Scratch.File()));
        Directory.Delete(_scratch.PartialPath, recursive: true);
        Assert.Equal((Errno)0, Destination.PlaceBytes("x"u8, Scratch.At("small"), Scratch.File()));
        Assert.Equal(_sample.Bytes, await File.ReadAllBytesAsync(_scratch["file"]));
        Directory.Delete(_scratch.PartialPath, recursive: true);
        using FileContent other = await Sample.Random(5).OpenIn(Destination);
    }

    [Fact]
    public async Task A_foreign_file_under_the_contents_name_is_not_placed()
    {
        using FileContent content = await _sample.StoreIn(Destination);
        string path = Path.Combine(_scratch.PartialPath, _sample.Table.Content.ToString());
        File.Delete(path);
        await File.WriteAllTextAsync(path, "foreign");
        Assert.Equal((Errno)0, Destination.PlaceFile(content, Scratch.At("file"), Scratch.File()));
        Assert.Equal(_sample.Bytes, await File.ReadAllBytesAsync(_scratch["file"]));
    }

    [Fact]
    public async Task A_content_of_another_destination_is_refused()
    {
        using Destination other = _scratch.Open();
        using FileContent content = await _sample.StoreIn(other);
        Assert.Equal(Errno.EINVAL, Destination.PlaceFile(content, Scratch.At("file"), Scratch.File()));
    }

    [Fact]
    public async Task A_run_killed_between_metadata_and_name_is_resumed()
    {
        (await _sample.StoreIn(Destination)).Dispose();
        string path = Path.Combine(_scratch.PartialPath, _sample.Table.Content.ToString());
        Scratch.Run("chmod", "4000", path);
        if (Syscall.geteuid() == 0)
            Scratch.Run("chown", "12345:54321", path);
        using FileContent content = await _sample.OpenIn(Destination);
        Assert.True(content.Map.IsComplete);
        Assert.Equal((Errno)0, Destination.PlaceFile(content, Scratch.At("file"), Scratch.File()));
        Assert.Equal($"644 {Syscall.geteuid()}", Scratch.Stat(_scratch["file"], "%a %u"));
    }

    [Fact]
    public async Task Packed_files_are_ranges_of_a_content()
    {
        using FileContent pack = await _sample.StoreIn(Destination);
        Assert.Equal((Errno)0, Destination.PlaceRange(pack, _sample.Range(5, 10000), Scratch.At("a"), Scratch.File(0x180)));
        Assert.Equal((Errno)0, Destination.PlaceRange(pack, _sample.Range(10005, 0), Scratch.At("b"), Scratch.File()));
        Assert.Equal(_sample.Bytes[5..10005], await File.ReadAllBytesAsync(_scratch["a"]));
        Assert.Equal("600 10000 1234567890", Scratch.Stat(_scratch["a"], "%a %s %Y"));
        Assert.Equal("0", Scratch.Stat(_scratch["b"], "%s"));
    }

    [Fact]
    public void A_pack_may_be_in_memory()
    {
        using MemoryContent pack = new(_sample.Table);
        _sample.WriteAllTo(pack);
        Assert.Equal((Errno)0, Destination.PlaceRange(pack, _sample.Range(5, 10000), Scratch.At("small"), Scratch.File()));
        Assert.Equal((Errno)0, Destination.PlaceRange(pack, _sample.Range(1, 300000), Scratch.At("large"), Scratch.File()));
        Assert.Equal(_sample.Bytes[5..10005], File.ReadAllBytes(_scratch["small"]));
        Assert.Equal(_sample.Bytes[1..300001], File.ReadAllBytes(_scratch["large"]));
    }

    [Fact]
    public async Task A_range_outside_the_content_is_refused()
    {
        using FileContent pack = await _sample.StoreIn(Destination);
        DataReference beyond = _sample.Whole with { Offset = _sample.Table.Size + 1, Length = 0 };
        Assert.Equal(Errno.EINVAL, Destination.PlaceRange(pack, beyond, Scratch.At("a"), Scratch.File()));
        Assert.Equal(Errno.EINVAL, Destination.PlaceRange(pack, _sample.Whole with { Offset = 1 }, Scratch.At("a"), Scratch.File()));
        Assert.Equal(Errno.EINVAL, Destination.PlaceRange(pack, _sample.Whole with { Length = ulong.MaxValue, Offset = 2 }, Scratch.At("a"), Scratch.File()));
        Assert.False(File.Exists(_scratch["a"]));
    }

    [Theory]
    [InlineData("/tmp")]
    [InlineData("/dev/shm")]
    public async Task A_second_file_with_the_same_bytes_is_a_copy_with_the_same_holes(string below)
    {
        using Scratch scratch = new(below);
        byte[] bytes = new byte[4 << 20];
        new Random(1).NextBytes(bytes.AsSpan(1 << 20, 65536));
        bytes[^1] = 1;
        Sample sample = Sample.Of(bytes);
        using FileContent content = await sample.StoreIn(scratch.Destination);
        Assert.Equal((Errno)0, scratch.Destination.PlaceFile(content, Scratch.At("one"), Scratch.File()));
        Assert.Equal((Errno)0, scratch.Destination.PlaceRange(content, sample.Whole, Scratch.At("two"), Scratch.File()));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(scratch["two"]));
        Assert.Equal(Scratch.Stat(scratch["one"], "%b %s"), Scratch.Stat(scratch["two"], "%b %s"));
        Assert.NotEqual(Scratch.Stat(scratch["one"], "%i"), Scratch.Stat(scratch["two"], "%i"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(10000)]
    public void Small_files_of_zeros_are_holes_of_the_right_size(int size)
    {
        Assert.Equal((Errno)0, Destination.PlaceBytes(new byte[size], Scratch.At("zeros"), Scratch.File()));
        Assert.Equal($"{size} 0", Scratch.Stat(_scratch["zeros"], "%s %b"));
    }

    [Fact]
    public void A_small_file_that_is_right_only_gets_its_metadata()
    {
        File.WriteAllText(_scratch["file"], "bytes");
        string inode = Scratch.Stat(_scratch["file"], "%i");
        Assert.Equal((Errno)0, Destination.PlaceBytes("bytes"u8, Scratch.At("file"), Scratch.File(0x1C0)));
        Assert.Equal($"{inode} 700 1234567890", Scratch.Stat(_scratch["file"], "%i %a %Y"));
        Assert.Equal((Errno)0, Destination.PlaceBytes("other"u8, Scratch.At("file"), Scratch.File(0x1C0)));
        Assert.NotEqual(inode, Scratch.Stat(_scratch["file"], "%i"));
    }

    [Fact]
    public void A_right_file_with_a_foreign_name_is_replaced_so_that_the_other_keeps_its_metadata()
    {
        File.WriteAllText(_scratch["file"], "bytes");
        Scratch.Run("ln", _scratch["file"], Path.Combine(_scratch.Directory, "other"));
        Destination.PlaceBytes("bytes"u8, Scratch.At("file"), Scratch.File(0x1C0));
        Assert.Equal("1 700", Scratch.Stat(_scratch["file"], "%h %a"));
        Assert.NotEqual("700", Scratch.Stat(Path.Combine(_scratch.Directory, "other"), "%a"));
    }

    [SkippableFact]
    public async Task A_file_system_mounted_inside_the_destination_is_written_into()
    {
        Prerequisite.Root();
        Directory.CreateDirectory(_scratch["mnt"]);
        Scratch.Run("mount", "-t", "tmpfs", "tmpfs", _scratch["mnt"]);
        try
        {
            using FileContent content = await _sample.StoreIn(Destination);
            Assert.Equal((Errno)0, Destination.EnsureDirectory(Scratch.At("mnt")));
            Assert.Equal((Errno)0, Destination.PlaceFile(content, Scratch.At("mnt/file"), Scratch.File()));
            Assert.Equal((Errno)0, Destination.PlaceBytes("x"u8, Scratch.At("mnt/small"), Scratch.File()));
            Assert.Equal(_sample.Bytes, await File.ReadAllBytesAsync(_scratch["mnt/file"]));
            Assert.Equal(["file", "small"], Directory.GetFiles(_scratch["mnt"]).Select(Path.GetFileName).Order());
            Assert.Empty(Directory.GetFiles(_scratch.PartialPath));
            Assert.Equal(_sample.Bytes, Sample.ReadAll(content));
        }
        finally
        {
            Scratch.Run("umount", _scratch["mnt"]);
        }
    }

    public void Dispose() => _scratch.Dispose();
}
