using System.Text;
using Mono.Unix.Native;

namespace Xget.Content.Tests;

/// <summary>What is not published is named by the directory that lacks it.</summary>
public sealed class LeftOutEntriesTests : IDisposable
{
    private readonly SourceFolder _folder = new();

    [Fact]
    public async Task A_path_that_is_too_long_is_named_by_its_directory_object_and_its_entry()
    {
        var name = new string('d', 200);
        SourceFolder.Run("bash", "-c",
            $"cd \"$1\"; for i in $(seq 25); do mkdir {name}; cd -P {name}; done; echo x > file", "bash", _folder.Root);
        using var generation = await _folder.Publish();
        Assert.Equal(1, generation.LeftOut);
        var last = generation.Tree;
        while (last.Children.Count > 0)
        {
            Assert.Empty(last.Xattrs);
            last = last.Children[0];
        }
        Assert.Equal([$"{name}: its path is longer than 4095 bytes"], Lines(last.Xattrs));
        Assert.True(DirectoryObject.TryDecode(generation.Find(last.Data.Content)!.ReadAll()
            .AsSpan((int)last.Data.Offset, (int)last.Data.Length), out var read, out _));
        Assert.Equal(last.Xattrs, read.Self.Xattrs.AsEnumerable());
    }

    [SkippableFact]
    public async Task What_the_source_says_under_that_name_is_not_taken_over()
    {
        _folder.Make("dir");
        var set = Syscall.setxattr(_folder["dir"], "user.xget.left_out", "lie: x\n"u8.ToArray());
        Skip.If(set != 0, "no extended attributes on this file system");
        SourceFolder.Ok(Syscall.setxattr(_folder["dir"], "user.other", [1]));
        using var generation = await _folder.Publish();
        Assert.Equal("user.other", Encoding.ASCII.GetString(Assert.Single(generation.At("dir").Xattrs).Name));
    }

    [SkippableFact]
    public async Task A_virtual_file_system_is_an_empty_directory_that_is_named()
    {
        Prerequisite.Root();
        _folder.Write("etc/file", 10);
        var mount = _folder.Make("proc");
        SourceFolder.Run("mount", "-t", "proc", "proc", mount);
        SourceFolder.Run("mount", "--bind", "/proc/version", _folder.Write("etc/version", 10));
        try
        {
            using var generation = await _folder.Publish();
            Assert.Empty(generation.At("proc").Children);
            Assert.Empty(generation.Tree.Xattrs);
            Assert.Contains("proc: a virtual file system (proc), published as an empty directory", generation.Warnings);
            Assert.Equal(["version: it is in a virtual file system (proc)"], Lines(generation.At("etc").Xattrs));
            Assert.Equal((1L, 1L), (generation.LeftOut, generation.Files));
            using var one = await _folder.Publish(options: new PublishOptions { OneFileSystem = true });
            Assert.Empty(one.At("proc").Children);
            Assert.Empty(one.Tree.Xattrs);
        }
        finally
        {
            SourceFolder.Run("umount", mount, _folder["etc/version"]);
        }
    }

    [Fact]
    public async Task A_virtual_file_system_itself_is_refused()
    {
        using var index = DigestIndex.InMemory();
        var refused = await Assert.ThrowsAsync<PublishException>(
            () => new Publisher(TimeProvider.System).PublishAsync("/proc/self", index, 1, new PublishOptions()));
        Assert.Contains("virtual file system (proc)", refused.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static string[] Lines(IEnumerable<Xattr> xattrs) => [.. LeftOut.Parse(
        Assert.Single(xattrs, x => x.Name.AsSpan().SequenceEqual(LeftOut.XattrName)).Value).Lines];
}
