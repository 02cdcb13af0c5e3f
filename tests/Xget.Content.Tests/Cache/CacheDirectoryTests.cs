using Mono.Unix.Native;
using Xget.Content.Cache;
using Xget.Content.Tests.Store;

namespace Xget.Content.Tests.Cache;

/// <summary>Which directories are taken for a cache.</summary>
public sealed class CacheDirectoryTests : IDisposable
{
    private readonly CacheFolder _folder = new();

    [Fact]
    public void A_new_cache_is_private()
    {
        _folder.Open().Dispose();
        Assert.Equal("700", Scratch.Stat(_folder.Root, "%a"));
        Assert.Equal("xget cache 1\n", File.ReadAllText(Path.Combine(_folder.Root, "version")));
        Assert.Equal("700", Scratch.Stat(Path.Combine(_folder.Root, "objects"), "%a"));
    }

    [Fact]
    public void An_empty_directory_becomes_a_cache_and_private()
    {
        Directory.CreateDirectory(_folder.Root);
        Directory.CreateDirectory(Path.Combine(_folder.Root, "lost+found"));
        Scratch.Run("chmod", "755", _folder.Root);
        _folder.Open().Dispose();
        Assert.Equal("700", Scratch.Stat(_folder.Root, "%a"));
    }

    [Fact]
    public void A_directory_with_something_else_in_it_is_refused_untouched()
    {
        Directory.CreateDirectory(_folder.Root);
        Scratch.Run("chmod", "755", _folder.Root);
        File.WriteAllText(Path.Combine(_folder.Root, "thesis"), "all of it");
        Assert.Equal((Errno.ENOTEMPTY, $"cache {_folder.Root}: is not empty, and no cache of xget"), Refusal());
        Assert.Equal("755", Scratch.Stat(_folder.Root, "%a"));
        Assert.Equal(["thesis"], Directory.GetFileSystemEntries(_folder.Root).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("xget cache 2\n")]
    [InlineData("xget cache 1\n ")]
    public void A_cache_of_another_version_is_refused(string version)
    {
        _folder.Open().Dispose();
        File.WriteAllText(Path.Combine(_folder.Root, "version"), version);
        Assert.Equal((Errno.EINVAL, $"cache {_folder.Root}: is of another version of xget, or no cache"), Refusal());
    }

    [Fact]
    public async Task A_version_that_never_reached_the_disk_is_written_again()
    {
        using (ContentCache cache = _folder.Open())
            await CacheFolder.Store(cache, Sample.Random(70_000));
        string version = Path.Combine(_folder.Root, "version");
        string before = await File.ReadAllTextAsync(version);
        await File.WriteAllTextAsync(version, ""); // what a power cut right after the first use leaves
        using (ContentCache cache = _folder.Open())
            Assert.Single(cache.Complete);
        Assert.Equal(before, await File.ReadAllTextAsync(version));
    }

    [Fact]
    public void A_symbolic_link_is_not_followed()
    {
        string target = _folder.Root + "-target";
        Directory.CreateDirectory(target);
        File.CreateSymbolicLink(_folder.Root, target);
        foreach (string path in new[] { _folder.Root, _folder.Root + "/" })
        {
            Assert.NotEqual((Errno)0, ContentCache.Open(new CacheOptions { Directory = path }, TimeProvider.System, out _, out string? reason));
            Assert.Contains("symbolic link", reason, StringComparison.Ordinal);
        }
        Assert.Empty(Directory.GetFileSystemEntries(target));
    }

    [Theory]
    [InlineData("", Errno.EINVAL)]
    [InlineData("a\0b", Errno.EINVAL)]
    [InlineData("/no/such/parent/c", Errno.ENOENT)]
    [InlineData("/dev/null", Errno.ENOTDIR)]
    public void What_is_no_directory_is_refused_with_a_reason(string path, Errno expected)
    {
        Errno error = ContentCache.Open(new CacheOptions { Directory = path }, TimeProvider.System, out ContentCache? cache, out string? reason);
        Assert.Equal(expected, error);
        Assert.NotNull(reason);
        Assert.Null(cache);
    }

    [SkippableFact]
    public void A_directory_of_another_user_is_refused()
    {
        Prerequisite.Root();
        Directory.CreateDirectory(_folder.Root);
        Scratch.Run("chown", "12345", _folder.Root);
        Assert.Equal((Errno.EPERM, $"cache {_folder.Root}: belongs to another user"), Refusal());
    }

    [Fact]
    public void What_an_interrupted_run_left_is_removed_when_nobody_else_is_there()
    {
        using (ContentCache first = _folder.Open())
        {
            File.WriteAllText(Path.Combine(_folder.Root, "tmp-1-1"), "x");
            _folder.Open().Dispose();
            Assert.True(File.Exists(Path.Combine(_folder.Root, "tmp-1-1")));
        }
        _folder.Open().Dispose();
        Assert.False(File.Exists(Path.Combine(_folder.Root, "tmp-1-1")));
    }

    [Fact]
    public async Task Many_can_make_a_cache_at_the_same_time()
    {
        for (int round = 0; round < 20; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => _folder.Open().Dispose())));
            Assert.Equal(["objects", "version"], Directory.GetFileSystemEntries(_folder.Root).Select(Path.GetFileName).Order());
            Directory.Delete(_folder.Root, recursive: true);
        }
    }

    [Fact]
    public async Task Names_that_are_no_contents_are_left_alone()
    {
        Sample sample = Sample.Random(100);
        using ContentCache cache = _folder.Open(limit: 0);
        await CacheFolder.Store(cache, sample);
        string folder = Path.GetDirectoryName(_folder.DataPath(sample))!;
        foreach (string name in new[] { "README", new string('a', 64), ".map" })
            File.WriteAllText(Path.Combine(folder, name), "x");
        await CacheFolder.Store(cache, Sample.Random(200));
        Assert.Equal(3, Directory.GetFiles(folder).Length);
    }

    public void Dispose()
    {
        if (File.Exists(_folder.Root) || new FileInfo(_folder.Root).LinkTarget is not null)
            File.Delete(_folder.Root);
        _folder.Dispose();
    }

    private (Errno, string?) Refusal()
    {
        Errno error = ContentCache.Open(new CacheOptions { Directory = _folder.Root }, TimeProvider.System, out ContentCache? cache, out string? reason);
        Assert.Null(cache);
        return (error, reason);
    }
}
