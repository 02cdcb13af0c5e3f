using Mono.Unix.Native;

namespace Xget.Content.Tests;

/// <summary>What is no longer what was published is refused, by the file and by the content; never other bytes.</summary>
public sealed class ChangedSourceTests : IDisposable
{
    private const int Size = 300_000;

    private readonly SourceFolder _folder = new();

    public static TheoryData<string> Changes => ["overwritten", "truncated", "replaced", "deleted",
        "symlink in its place", "directory in its place", "fifo in its place", "symlink in its directory's place"];

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_file_that_changed_after_publishing_is_stale(string change)
    {
        _folder.Write("d/file", Size);
        _folder.Write("other/file", Size, seed: 2);
        using var generation = await _folder.Publish();
        var node = generation.At("d/file");
        generation.Dispose();    // closes the file, so that it must be opened again
        Change(change);
        AssertStale(node.Read(0, 100));
        AssertStale(generation.Find(node.Data.Content)!.Read(0, 100));
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task It_is_stale_while_it_is_open_as_well(string change)
    {
        _folder.Write("d/file", Size);
        _folder.Write("other/file", Size, seed: 2);
        using var generation = await _folder.Publish();
        var node = generation.At("d/file");
        Publishing.Bytes(node.Read(0, 100));
        using var held = node.Read(0, 100);
        Change(change);
        // A directory that was moved away leaves its open file what it was: either answer is right then.
        var moved = change.StartsWith("symlink in its directory", StringComparison.Ordinal);
        if (!moved)
            Assert.Equal(Errno.ESTALE, held.CopyTo(new byte[100]));
        using var later = node.Read(0, 100);
        if (moved && !later.IsError)
            Assert.Equal((Errno)0, later.CopyTo(new byte[100]));
        else
            Assert.Equal(Errno.ESTALE, later.Error);
    }

    [Fact]
    public async Task An_overwritten_small_file_stops_only_the_ranges_that_it_is_in()
    {
        _folder.Write("a", 1000, seed: 1);
        _folder.Write("b", 1000, seed: 2);
        _folder.Write("c", 1000, seed: 3);
        using var generation = await _folder.Publish();
        var pack = generation.Find(generation.At("a").Data.Content)!;
        Assert.Equal(3000UL, pack.Table.Size);
        _folder.Write("b", 1000, seed: 9);
        AssertStale(pack.Read(0, 3000));
        AssertStale(pack.Read(1500, 10));
        AssertStale(pack.Read(999, 2));
        Assert.Equal(File.ReadAllBytes(_folder["a"]), Publishing.Bytes(pack.Read(0, 1000)));
        Assert.Equal(File.ReadAllBytes(_folder["c"]), Publishing.Bytes(pack.Read(2000, 1000)));
    }

    [Fact]
    public async Task An_overwritten_large_file_stops_only_the_chunks_that_differ()
    {
        var before = File.ReadAllBytes(_folder.Write("file", Size));
        using var generation = await _folder.Publish();
        using (var file = File.OpenHandle(_folder["file"], FileMode.Open, FileAccess.Write))
            RandomAccess.Write(file, [1, 2, 3], 40_000);    // in the second of ten chunks
        var content = generation.Find(generation.At("file").Data.Content)!;
        var size = content.Table.ChunkSize;
        Assert.Equal(before[..size], Publishing.Bytes(content.Read(0, Size)));    // no further than they are right
        AssertStale(content.Read((ulong)size, 10));
        AssertStale(generation.At("file").Read((ulong)size, 10));
        Assert.Equal(before[(2 * size + 5)..(3 * size)], Publishing.Bytes(content.Read((ulong)(2 * size + 5), Size)));
        Assert.Equal(before[^7..], Publishing.Bytes(generation.At("file").Read((ulong)Size - 7, 10)));
    }

    private void Change(string change)
    {
        var path = _folder["d/file"];
        switch (change)
        {
            case "overwritten":
                using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write))
                    RandomAccess.Write(file, [1, 2, 3], 50);
                break;
            case "truncated":
                File.WriteAllBytes(path, []);
                break;
            case "replaced":
                File.Move(_folder["other/file"], path, overwrite: true);
                break;
            case "deleted":
                File.Delete(path);
                break;
            case "symlink in its place":
                File.Delete(path);
                File.CreateSymbolicLink(path, "../other/file");
                break;
            case "directory in its place":
                File.Delete(path);
                Directory.CreateDirectory(path);
                break;
            case "fifo in its place":
                File.Delete(path);
                SourceFolder.Ok(Syscall.mkfifo(path, FilePermissions.S_IRUSR));
                break;
            case "symlink in its directory's place":
                Directory.Move(_folder["d"], _folder["moved"]);
                Directory.CreateSymbolicLink(_folder["d"], "other");
                break;
        }
    }

    private static void AssertStale(ContentRange range)
    {
        using (range)
            Assert.Equal(Errno.ESTALE, range.Error);
    }

    public void Dispose() => _folder.Dispose();
}
