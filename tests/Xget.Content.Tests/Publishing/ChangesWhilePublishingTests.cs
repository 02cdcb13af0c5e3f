using Mono.Unix.Native;

namespace Xget.Content.Tests;

/// <summary>The source changes at exact points of the hashing: progress is reported from within it.</summary>
public sealed class ChangesWhilePublishingTests : IDisposable
{
    private const int Large = 40_000_000;    // three segments

    private readonly SourceFolder _folder = new();

    [Fact]
    public async Task A_file_that_changes_while_it_is_hashed_is_hashed_again()
    {
        _folder.Write("large", Large, seed: 1);
        _folder.Write("other", 1000);
        var changes = 0;
        using var generation = await Publish(hashed =>
        {
            if (changes++ == 0)
                _folder.Write("large", Large + 5, seed: 2);
        });
        Assert.Empty(generation.Warnings);
        AssertServes(generation, "large");
        AssertServes(generation, "other");
    }

    [Fact]
    public async Task A_file_that_is_written_anew_each_time_is_left_out_and_named()
    {
        _folder.Write("busy", Large);
        _folder.Write("other", 1000);
        var changes = 0;
        using var generation = await Publish(hashed => _folder.Write("busy", Large, seed: ++changes));
        Assert.Equal("other", Assert.Single(generation.Tree.Children).Name.ToString());
        Assert.Contains("changes while", Assert.Single(generation.Warnings), StringComparison.Ordinal);
        Assert.Equal(["busy: it changes while it is being read"], LeftOutOf(generation.Tree));
        Assert.Equal(1, generation.LeftOut);
        AssertServes(generation, "other");
    }

    [Fact]
    public async Task A_large_file_that_grows_all_the_time_is_published_as_it_was_at_first()
    {
        var before = File.ReadAllBytes(_folder.Write("log", Large));
        _folder.Write("other", 1000);
        var lines = 0;
        using var index = DigestIndex.InMemory();
        using var generation = await Publish(hashed => File.AppendAllText(_folder["log"], $"line {lines++}\n"), index);
        Assert.Empty(generation.Warnings);
        var log = generation.At("log");
        Assert.Equal(((ulong)Large, ChunkTable.Of(before).Content), (log.Attributes.Size, log.Data.Content));
        AssertServes(generation, "other");
        Assert.Equal(1, index.Count);    // what did not rest is hashed anew next time
    }

    [Fact]
    public async Task A_small_file_that_grows_before_each_reading_is_published_as_it_was_at_one_moment()
    {
        _folder.Write("0-large", Large);
        _folder.Write("log", "line\n"u8.ToArray());
        _folder.Write("other", 1000);
        // The pack comes after a file that is hashed anew in each round.
        using var generation = await Publish(hashed =>
        {
            File.AppendAllText(_folder["log"], "line\n");
            _folder.Write("0-large", Large, seed: (int)hashed);
        });
        var size = (int)generation.At("log").Attributes.Size;
        Assert.Equal(0, size % "line\n".Length);
        Assert.Equal(Adler32.Append(1, File.ReadAllBytes(_folder["log"]).AsSpan(0, size)), generation.At("log").Adler32);
        Assert.Equal(["0-large: it changes while it is being read"], LeftOutOf(generation.Tree));
    }

    [Fact]
    public async Task A_file_of_which_only_the_owner_changes_is_published()
    {
        _folder.Write("large", Large);
        var changes = 0;
        using var generation = await Publish(hashed =>
            SourceFolder.Ok(Syscall.chmod(_folder["large"], changes++ % 2 == 0 ? FilePermissions.S_IRUSR : FilePermissions.S_IRWXU)));
        Assert.Empty(generation.Warnings);
        Assert.Equal(ChunkTable.Of(File.ReadAllBytes(_folder["large"])).Content, generation.At("large").Data.Content);
    }

    [Fact]
    public async Task A_file_that_vanishes_is_left_out_with_a_warning()
    {
        _folder.Write("a", Large);
        _folder.Write("b", 1000);
        using var generation = await Publish(hashed => File.Delete(_folder["a"]));
        Assert.Equal("b", Assert.Single(generation.Tree.Children).Name.ToString());
        Assert.Contains("a: it has vanished", Assert.Single(generation.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_becomes_a_symlink_is_left_out_rather_than_followed()
    {
        _folder.Write("a", Large, seed: 1);
        _folder.Write("b", Large, seed: 2);
        using var generation = await Publish(hashed =>
        {
            File.Delete(_folder["a"]);
            File.CreateSymbolicLink(_folder["a"], "b");
        });
        Assert.Equal("b", Assert.Single(generation.Tree.Children).Name.ToString());
        AssertServes(generation, "b");
    }

    [Fact]
    public async Task A_small_file_that_outgrows_its_pack_leaves_it()
    {
        _folder.Write("0-large", Large);
        _folder.Write("a", 1000, seed: 1);
        _folder.Write("b", 1000, seed: 2);
        var changes = 0;
        using var generation = await Publish(hashed =>
        {
            if (changes++ == 0)
                _folder.Write("a", 500_000, seed: 3);
        });
        Assert.Empty(generation.Warnings);
        Assert.NotEqual(generation.At("a").Data.Content, generation.At("b").Data.Content);
        AssertServes(generation, "a");
        AssertServes(generation, "b");
    }

    [Fact]
    public async Task A_file_that_becomes_empty_needs_no_content()
    {
        _folder.Write("a", Large);
        var changes = 0;
        using var generation = await Publish(hashed =>
        {
            if (changes++ == 0)
                _folder.Write("a", []);
        });
        Assert.Equal(default, generation.At("a").Data);
        Assert.Equal(Adler32.Initial, generation.At("a").Adler32);
    }

    [Fact]
    public async Task Replacing_one_of_two_names_leaves_the_other_its_bytes()
    {
        _folder.Write("a", Large, seed: 1);
        SourceFolder.Ok(Syscall.link(_folder["a"], _folder["b"]));
        var changes = 0;
        using var generation = await Publish(hashed =>
        {
            if (changes++ > 0)
                return;
            File.Delete(_folder["a"]);
            _folder.Write("a", Large, seed: 2);
        });
        Assert.Empty(generation.Warnings);
        Assert.NotEqual(generation.At("a").Id, generation.At("b").Id);
        Assert.All(generation.Tree.Children, node => Assert.Equal(0UL, node.Attributes.LinkIdentity));
        AssertServes(generation, "a");
        AssertServes(generation, "b");
    }

    public void Dispose() => _folder.Dispose();

    // One thread, so that each report comes before anything else is read.
    private async Task<Generation> Publish(Action<long> whenHashed, DigestIndex? index = null) => await _folder.Publish(
        index, options: new PublishOptions { Parallelism = 1 }, progress: new Callback(whenHashed));

    private static string[] LeftOutOf(PublishedNode directory) =>
        [.. LeftOut.Parse(directory.Xattrs.Single(x => x.Name.AsSpan().SequenceEqual(LeftOut.XattrName)).Value).Lines];

    private void AssertServes(Generation generation, string path)
    {
        var bytes = File.ReadAllBytes(_folder[path]);
        var node = generation.At(path);
        Assert.Equal(bytes, node.ReadAll());
        Assert.Equal(bytes, generation.Find(node.Data.Content)!.ReadAll()
            .AsSpan((int)node.Data.Offset, (int)node.Data.Length).ToArray());
        Assert.Equal(Adler32.Append(1, bytes), node.Adler32);
    }

    private sealed class Callback(Action<long> whenHashed) : IProgress<PublishProgress>
    {
        private long _last;

        public void Report(PublishProgress value)
        {
            if (value.BytesHashed > _last)
                whenHashed(_last = value.BytesHashed);
        }
    }
}
