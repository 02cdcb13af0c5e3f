using Mono.Unix.Native;

namespace Xget.Content.Tests;

public sealed class RealTreeTests
{
    private const string Tree = "/usr/share/doc";

    [SkippableFact]
    public async Task A_real_tree_is_published_as_an_independent_walk_finds_it()
    {
        Prerequisite.Directory(Tree);
        using var index = DigestIndex.InMemory();
        using var generation = await new Publisher(TimeProvider.System)
            .PublishAsync(Tree, index, 1, new PublishOptions());
        Assert.Empty(generation.Warnings);
        var contents = generation.Contents.ToDictionary(digest => digest, digest => generation.Find(digest)!.ReadAll());
        var seen = 0;
        Compare(generation.Tree, Tree);
        Assert.Equal(SourceFolder.Run("find", Tree, "-mindepth", "1", "-printf", "x").Length, seen);

        void Compare(PublishedNode directory, string path)
        {
            AssertAttributes(directory, path);
            Assert.True(DirectoryObject.TryDecode(contents[directory.Data.Content].AsSpan((int)directory.Data.Offset, (int)directory.Data.Length), out var read, out _));
            var names = Directory.EnumerateFileSystemEntries(path).Select(entry => Path.GetFileName(entry)).ToHashSet();
            Assert.Equal(names, read.Entries.Select(entry => entry.Name.ToString()).ToHashSet());
            foreach (var (node, entry) in directory.Children.Zip(read.Entries))
            {
                seen++;
                var below = Path.Combine(path, node.Name.ToString());
                Assert.Equal(node.Entry, entry);
                if (node.Type == EntryType.Directory)
                {
                    Compare(node, below);
                    continue;
                }
                AssertAttributes(node, below);
                if (node.Type == EntryType.Regular && node.Data.Length > 0)
                    Assert.True(contents[node.Data.Content].AsSpan((int)node.Data.Offset, (int)node.Data.Length)
                        .SequenceEqual(File.ReadAllBytes(below)), below);
                else if (node.Type == EntryType.Symlink)
                    Assert.Equal(new FileInfo(below).LinkTarget, System.Text.Encoding.UTF8.GetString(node.SymlinkTarget));
            }
        }
    }

    private static void AssertAttributes(PublishedNode node, string path)
    {
        SourceFolder.Ok(Syscall.lstat(path, out var stat));
        var attributes = node.Attributes;
        Assert.Equal((uint)stat.st_mode & 0xfff, attributes.Mode);
        Assert.Equal((stat.st_uid, stat.st_gid), (attributes.Uid, attributes.Gid));
        Assert.Equal((stat.st_mtime, stat.st_mtime_nsec), (attributes.Mtime.Seconds, attributes.Mtime.Nanoseconds));
        if (node.Type != EntryType.Directory)
            Assert.Equal(((ulong)stat.st_size, (uint)stat.st_nlink), (attributes.Size, attributes.LinkCount));
    }
}
