using Mono.Unix.Native;
using Xget.Content.Store;

namespace Xget.Content.Tests.Store;

public sealed class CheckFileTests : IDisposable
{
    private static readonly DestinationPath Path = Scratch.At("file");

    private readonly Scratch _scratch = new();
    private readonly Sample _sample = Sample.Random(6 * Sample.ChunkSize + 50);

    private Destination Destination => _scratch.Destination;

    [Fact]
    public async Task A_file_with_the_contents_bytes_is_right()
    {
        await File.WriteAllBytesAsync(_scratch["file"], _sample.Bytes);
        FileCheck check = await CheckAsync();
        Assert.True(check.IsRight);
        Assert.True(check.Chunks!.IsComplete);
    }

    [Fact]
    public async Task A_sparse_file_of_zeros_is_right_without_being_read()
    {
        Sample zeros = Sample.Of(new byte[5 * Sample.ChunkSize + 1]);
        using (FileStream file = File.Create(_scratch["file"]))
            file.SetLength(zeros.Bytes.Length);
        Assert.True((await Destination.CheckFileAsync(Path, Scratch.File(), zeros.Table, default)).IsRight);
        using (FileStream file = File.OpenWrite(_scratch["file"]))
            file.SetLength(zeros.Bytes.Length - 2);
        FileCheck shorter = await Destination.CheckFileAsync(Path, Scratch.File(), zeros.Table, default);
        Assert.False(shorter.IsRight);
        Assert.Equal(4, shorter.Chunks!.SetCount);
    }

    [Fact]
    public async Task An_empty_file_is_right_for_an_empty_content_only()
    {
        File.Create(_scratch["file"]).Dispose();
        Assert.True((await Destination.CheckFileAsync(Path, Scratch.File(), Sample.Of([]).Table, default)).IsRight);
        Assert.False((await CheckAsync()).IsRight);
        await File.WriteAllTextAsync(_scratch["file"], "x");
        Assert.False((await Destination.CheckFileAsync(Path, Scratch.File(), Sample.Of([]).Table, default)).IsRight);
    }

    [Theory]
    [InlineData("longer", 7)]
    [InlineData("shorter", 6)]
    [InlineData("changed", 6)]
    public async Task A_file_that_differs_tells_which_chunks_are_right_and_seeds_a_content(string how, int right)
    {
        byte[] bytes = how switch
        {
            "longer" => [.. _sample.Bytes, 1],
            "shorter" => _sample.Bytes[..^1],
            _ => _sample.Bytes.ToArray(),
        };
        if (how == "changed")
            bytes[Sample.ChunkSize] ^= 1;
        await File.WriteAllBytesAsync(_scratch["file"], bytes);

        FileCheck check = await CheckAsync();
        Assert.False(check.IsRight);
        Assert.Equal(right, check.Chunks!.SetCount);
        using FileContent content = await _sample.OpenIn(Destination);
        Assert.Equal((Errno)0, await Destination.SeedAsync(Path, check, content, default));
        Assert.Equal(Enumerable.Range(0, 7).Where(i => check.Chunks[i]), Enumerable.Range(0, 7).Where(i => content.Map[i]));

        _sample.WriteAllTo(content);
        Assert.Equal((Errno)0, Destination.PlaceFile(content, Path, Scratch.File()));
        Assert.Equal(_sample.Bytes, await File.ReadAllBytesAsync(_scratch["file"]));
    }

    [Fact]
    public async Task A_file_that_changes_between_check_and_seeding_seeds_nothing_wrong()
    {
        await File.WriteAllBytesAsync(_scratch["file"], [.. _sample.Bytes, 1]);
        FileCheck check = await CheckAsync();
        byte[] changed = _sample.Bytes.ToArray();
        changed[3 * Sample.ChunkSize + 1] ^= 1;
        await File.WriteAllBytesAsync(_scratch["file"], changed);
        using FileContent content = await _sample.OpenIn(Destination);
        Assert.Equal((Errno)0, await Destination.SeedAsync(Path, check, content, default));
        Assert.Equal([3], Enumerable.Range(0, 7).Where(i => !content.Map[i]));
    }

    [Fact]
    public async Task What_is_no_regular_file_has_no_chunks()
    {
        Assert.Equal(new FileCheck(false, null), await CheckAsync());
        Directory.CreateDirectory(_scratch["file"]);
        Assert.Equal(new FileCheck(false, null), await CheckAsync());
        Directory.Delete(_scratch["file"]);
        Scratch.Run("mkfifo", _scratch["file"]);
        FileCheck check = await CheckAsync();
        Assert.Equal(new FileCheck(false, null), check);
        using FileContent content = await _sample.OpenIn(Destination);
        Assert.Equal((Errno)0, await Destination.SeedAsync(Path, check, content, default));
    }

    [Fact]
    public async Task A_file_with_more_names_than_its_source_is_not_right_but_its_chunks_are()
    {
        await File.WriteAllBytesAsync(_scratch["file"], _sample.Bytes);
        Scratch.Run("ln", _scratch["file"], _scratch["other"]);
        FileCheck check = await CheckAsync();
        Assert.False(check.IsRight);
        Assert.True(check.Chunks!.IsComplete);
        Assert.True((await Destination.CheckFileAsync(Path, Scratch.File() with { LinkCount = 2 }, _sample.Table, default)).IsRight);
    }

    [Fact]
    public void A_small_file_is_read_whole_or_not_at_all()
    {
        File.WriteAllText(_scratch["file"], "12345");
        byte[] buffer = new byte[5];
        Assert.Equal((Errno)0, Destination.ReadFile(Path, buffer, out int count));
        Assert.Equal(5, count);
        Assert.Equal(Errno.EFBIG, Destination.ReadFile(Path, buffer.AsSpan(0, 4), out _));
        Assert.Equal(Errno.ENOENT, Destination.ReadFile(Scratch.At("other"), buffer, out _));
        Directory.CreateDirectory(_scratch["dir"]);
        Assert.Equal(Errno.EINVAL, Destination.ReadFile(Scratch.At("dir"), buffer, out _));
    }

    public void Dispose() => _scratch.Dispose();

    private Task<FileCheck> CheckAsync() => Destination.CheckFileAsync(Path, Scratch.File(), _sample.Table, default);
}
