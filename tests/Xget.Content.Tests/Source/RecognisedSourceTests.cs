using Mono.Unix.Native;

namespace Xget.Content.Tests;

/// <summary>
/// A source file whose status is another one, while its bytes are those that were published, is served; when all of it
/// has been checked, from its descriptor again.
/// </summary>
public sealed class RecognisedSourceTests : IDisposable
{
    private const int Small = 1000;
    private const int Large = 300_000;

    private readonly SourceFolder _folder = new();

    public static TheoryData<string, int> Changes
    {
        get
        {
            TheoryData<string, int> changes = [];
            foreach (var size in new[] { Small, Large })
                foreach (var change in new[] { "touched", "mode changed", "linked", "extended", "written anew", "replaced" })
                    changes.Add(change, size);
            return changes;
        }
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task The_same_bytes_under_another_status_are_served_first_from_copies_then_from_the_file(
        string change, int size)
    {
        var bytes = File.ReadAllBytes(_folder.Write("d/file", size, seed: 5));
        _folder.Write("d/other", size, seed: 6);
        using var generation = await _folder.Publish();
        Change(change, bytes);
        var node = generation.At("d/file");
        var content = generation.Find(node.Data.Content)!;

        using (var first = content.Read(node.Data.Offset, 100))
            Assert.True(first is { Error: 0, File: null });
        Assert.Equal(bytes, Whole(node));
        Assert.Equal(bytes, Whole(content, node.Data));
        using var later = content.Read(node.Data.Offset, size);
        Assert.True(later is { Error: 0, File: not null } && later.Count == size);
        using var plain = node.Read(0, size);
        Assert.True(plain is { Error: 0, File: not null } && plain.Count == size);
    }

    [Fact]
    public async Task A_log_that_grows_all_the_time_is_served_as_it_was_published()
    {
        var bytes = File.ReadAllBytes(_folder.Write("log", Large));
        using var generation = await _folder.Publish();
        var node = generation.At("log");
        for (var round = 0; round < 20; round++)
        {
            File.AppendAllText(_folder["log"], $"line {round}\n");
            Assert.Equal(bytes, Whole(node));
        }
    }

    [Fact]
    public async Task A_status_that_is_too_fresh_to_show_the_next_change_is_not_relied_on()
    {
        var bytes = File.ReadAllBytes(_folder.Write("file", Small));
        SourceFolder.AwaitTick();
        using var index = DigestIndex.InMemory();
        using var generation = await new Publisher(TimeProvider.System).PublishAsync(
            _folder.Root, index, 1, new PublishOptions());
        Change("mode changed", bytes, "file");
        for (var round = 0; round < 3; round++)
        {
            using var range = generation.At("file").Read(0, Small);
            Assert.True(range is { Error: 0, File: null });
        }
    }

    [Fact]
    public async Task A_recognised_file_that_changes_after_all_is_stale()
    {
        var bytes = File.ReadAllBytes(_folder.Write("file", Small));
        using var generation = await _folder.Publish();
        Change("mode changed", bytes, "file");
        Assert.Equal(bytes, Whole(generation.At("file")));
        _folder.Write("file", Small, seed: 77);
        using (var range = generation.At("file").Read(0, Small))
            Assert.Equal(Errno.ESTALE, range.Error);
        File.WriteAllBytes(_folder["file"], bytes);
        Assert.Equal(bytes, Whole(generation.At("file")));
    }

    [Fact]
    public async Task Small_pieces_of_a_chunk_are_given_from_one_copy()
    {
        var bytes = File.ReadAllBytes(_folder.Write("file", Large));
        using var generation = await _folder.Publish();
        using (var file = File.OpenHandle(_folder["file"], FileMode.Open, FileAccess.Write))
            RandomAccess.Write(file, [1, 2, 3], Large - 3);
        var node = generation.At("file");
        Publishing.Bytes(node.Read(0, 100));
        File.Delete(_folder["file"]);    // the copy is all that is left
        Assert.Equal(bytes[100..200], Publishing.Bytes(node.Read(100, 100)));
        generation.Dispose();
        using var gone = node.Read(200, 100);
        Assert.Equal(Errno.ESTALE, gone.Error);
    }

    private void Change(string change, byte[] bytes, string name = "d/file")
    {
        var path = _folder[name];
        switch (change)
        {
            case "touched":
                File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch);
                break;
            case "mode changed":
                SourceFolder.Ok(Syscall.chmod(path, FilePermissions.S_IRUSR));
                break;
            case "linked":
                SourceFolder.Ok(Syscall.link(path, _folder["link"]));
                break;
            case "extended":
                File.AppendAllText(path, "x");
                break;
            case "written anew":
                File.WriteAllBytes(path, bytes);
                break;
            case "replaced":
                File.WriteAllBytes(_folder["copy"], bytes);
                File.Move(_folder["copy"], path, overwrite: true);
                break;
        }
    }

    private static byte[] Whole(PublishedNode node)
    {
        List<byte> all = [];
        while ((ulong)all.Count < node.Attributes.Size)
            all.AddRange(Publishing.Bytes(node.Read((ulong)all.Count, int.MaxValue)));
        return [.. all];
    }

    private static byte[] Whole(PublishedContent content, DataReference data)
    {
        List<byte> all = [];
        while ((ulong)all.Count < data.Length)
        {
            all.AddRange(Publishing.Bytes(content.Read(data.Offset + (ulong)all.Count, (int)data.Length - all.Count)));
        }
        return [.. all];
    }

    public void Dispose() => _folder.Dispose();
}
