using System.Text;
using Mono.Unix.Native;
using Xget.Content.Store;

namespace Xget.Content.Tests.Store;

public sealed class PlaceLinkTests : IDisposable
{
    private readonly Scratch _scratch = new();

    private Destination Destination => _scratch.Destination;

    [Fact]
    public void A_symlink_has_its_target_and_its_own_time()
    {
        Assert.Equal((Errno)0, Destination.PlaceSymlink(Scratch.At("link"), Symlink("../no where")));
        Assert.Equal("../no where", Scratch.Run("readlink", _scratch["link"]));
        Assert.Equal("1234567890", Scratch.Stat(_scratch["link"], "%Y"));
    }

    [Fact]
    public void A_right_symlink_is_left_alone_and_a_wrong_one_replaced()
    {
        Destination.PlaceSymlink(Scratch.At("link"), Symlink("target"));
        string inode = Scratch.Stat(_scratch["link"], "%i %Z");
        Assert.Equal((Errno)0, Destination.PlaceSymlink(Scratch.At("link"), Symlink("target")));
        Assert.Equal(inode, Scratch.Stat(_scratch["link"], "%i %Z"));
        foreach (EntryAttributes other in new[]
        {
            Symlink("target2"), Symlink("targe"), Symlink("targeT"), Symlink("target") with { Mtime = new Timestamp(1, 2) },
        })
        {
            Assert.Equal((Errno)0, Destination.PlaceSymlink(Scratch.At("link"), other));
            Assert.Equal(Encoding.UTF8.GetString(other.SymlinkTarget), Scratch.Run("readlink", _scratch["link"]));
            Assert.Equal(other.Mtime.Seconds.ToString(), Scratch.Stat(_scratch["link"], "%Y"));
        }
    }

    [Fact]
    public void A_symlink_replaces_a_file_or_an_empty_directory()
    {
        File.WriteAllText(_scratch["a"], "file");
        Directory.CreateDirectory(_scratch["b"]);
        Assert.Equal((Errno)0, Destination.PlaceSymlink(Scratch.At("a"), Symlink("t")));
        Assert.Equal((Errno)0, Destination.PlaceSymlink(Scratch.At("b"), Symlink("t")));
        Assert.Equal("symbolic link", Scratch.Stat(_scratch["b"], "%F"));
    }

    [Fact]
    public void A_symlink_without_a_target_is_refused()
        => Assert.Equal(Errno.EINVAL, Destination.PlaceSymlink(Scratch.At("link"), Symlink("")));

    [SkippableFact]
    public void A_symlink_keeps_owner_and_trusted_attributes()
    {
        Prerequisite.Root();
        EntryAttributes symlink = Symlink("t") with
        {
            Uid = 12345,
            Gid = 54321,
            Xattrs = [new Xattr("trusted.x"u8.ToArray(), "value"u8.ToArray())],
        };
        Assert.Equal((Errno)0, Destination.PlaceSymlink(Scratch.At("link"), symlink));
        Assert.Equal("12345 54321", Scratch.Stat(_scratch["link"], "%u %g"));
        Assert.Equal("value"u8.ToArray(), Scratch.Xattr(_scratch["link"], "trusted.x"));
        string inode = Scratch.Stat(_scratch["link"], "%i %Z");
        Destination.PlaceSymlink(Scratch.At("link"), symlink);
        Assert.Equal(inode, Scratch.Stat(_scratch["link"], "%i %Z"));
        Destination.PlaceSymlink(Scratch.At("link"), symlink with { Xattrs = [] });
        Assert.Null(Scratch.Xattr(_scratch["link"], "trusted.x"));
    }

    [SkippableTheory]
    [InlineData(EntryType.Character, 1u, 3u, "character special file 1:3")]
    [InlineData(EntryType.Block, 259u, 70000u, "block special file 103:11170")]
    [InlineData(EntryType.Fifo, 0u, 0u, "fifo 0:0")]
    [InlineData(EntryType.Socket, 0u, 0u, "socket 0:0")]
    public void Nodes_have_their_type_number_mode_owner_and_time(EntryType type, uint major, uint minor, string expected)
    {
        Prerequisite.Root();
        EntryAttributes node = Scratch.File(0x9B6) with { Type = type, RdevMajor = major, RdevMinor = minor, Uid = 5, Gid = 6 };
        Assert.Equal((Errno)0, Destination.PlaceNode(Scratch.At("node"), node));
        Assert.Equal($"{expected} 4666 5 6 1234567890", Scratch.Stat(_scratch["node"], "%F %t:%T %a %u %g %Y"));
        string inode = Scratch.Stat(_scratch["node"], "%i %Z");
        Assert.Equal((Errno)0, Destination.PlaceNode(Scratch.At("node"), node));
        Assert.Equal(inode, Scratch.Stat(_scratch["node"], "%i %Z"));
        Assert.Equal((Errno)0, Destination.PlaceNode(Scratch.At("node"), node with { Mode = 0x100 }));
        Assert.Equal("400", Scratch.Stat(_scratch["node"], "%a"));
    }

    [Fact]
    public void What_is_no_node_is_refused()
        => Assert.Equal(Errno.EINVAL, Destination.PlaceNode(Scratch.At("node"), Scratch.File()));

    [Fact]
    public void A_fifo_in_a_files_place_is_replaced_without_waiting_for_its_other_end()
    {
        Assert.Equal((Errno)0, Destination.PlaceNode(Scratch.At("node"), Scratch.File() with { Type = EntryType.Fifo }));
        Assert.Equal(Errno.EINVAL, Destination.ApplyMetadata(Scratch.At("node"), Scratch.File()));
        Assert.Equal((Errno)0, Destination.PlaceBytes("x"u8, Scratch.At("node"), Scratch.File()));
        Assert.Equal("x", File.ReadAllText(_scratch["node"]));
    }

    [Fact]
    public void A_hard_link_is_another_name_and_replaces_what_is_there()
    {
        Destination.PlaceBytes("bytes"u8, Scratch.At("one"), Scratch.File() with { LinkCount = 2 });
        File.WriteAllText(_scratch["two"], "something else");
        Assert.Equal((Errno)0, Destination.PlaceHardLink(Scratch.At("two"), Scratch.At("one")));
        Assert.Equal(Scratch.Stat(_scratch["one"], "%i 2"), Scratch.Stat(_scratch["two"], "%i %h"));
        string before = Scratch.Stat(_scratch["two"], "%i %Z %h");
        Assert.Equal((Errno)0, Destination.PlaceHardLink(Scratch.At("two"), Scratch.At("one")));
        Assert.Equal(before, Scratch.Stat(_scratch["two"], "%i %Z %h"));
        Assert.Empty(Directory.GetFileSystemEntries(_scratch.PartialPath));
    }

    [Fact]
    public void A_hard_link_to_a_symlink_links_the_symlink()
    {
        Destination.PlaceSymlink(Scratch.At("one"), Symlink("nowhere"));
        Assert.Equal((Errno)0, Destination.PlaceHardLink(Scratch.At("two"), Scratch.At("one")));
        Assert.Equal(Scratch.Stat(_scratch["one"], "%i %F"), Scratch.Stat(_scratch["two"], "%i %F"));
    }

    [Fact]
    public void A_hard_link_to_nothing_or_to_a_directory_is_refused()
    {
        Destination.EnsureDirectory(Scratch.At("dir"));
        Assert.Equal(Errno.ENOENT, Destination.PlaceHardLink(Scratch.At("two"), Scratch.At("one")));
        Assert.Equal(Errno.EPERM, Destination.PlaceHardLink(Scratch.At("two"), Scratch.At("dir")));
    }

    [Fact]
    public void Where_no_link_can_be_a_duplicate_is_made_and_kept()
    {
        byte[] bytes = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7))];
        EntryAttributes attributes = Scratch.File(0x1A0) with { LinkCount = 2 };
        Destination.PlaceBytes(bytes, Scratch.At("one"), attributes);
        File.WriteAllText(_scratch["two"], "something else");
        Assert.Equal((Errno)0, Destination.PlaceDuplicate(Scratch.At("two"), Scratch.At("one"), attributes));
        Assert.Equal(bytes, File.ReadAllBytes(_scratch["two"]));
        Assert.Equal(Scratch.Stat(_scratch["one"], "%a %Y %h"), Scratch.Stat(_scratch["two"], "%a %Y %h"));
        string before = Scratch.Stat(_scratch["two"], "%i %Z");
        Assert.Equal((Errno)0, Destination.PlaceDuplicate(Scratch.At("two"), Scratch.At("one"), attributes));
        Assert.Equal(before, Scratch.Stat(_scratch["two"], "%i %Z"));
        Assert.Equal(Errno.ENOENT, Destination.PlaceDuplicate(Scratch.At("two"), Scratch.At("nothing"), attributes));
    }

    [Fact]
    public void What_an_earlier_copy_linked_together_is_replaced_and_no_namesake()
    {
        EntryAttributes two = Scratch.File() with { LinkCount = 2 };
        Destination.PlaceBytes("bytes"u8, Scratch.At("a"), two);
        Destination.PlaceHardLink(Scratch.At("b"), Scratch.At("a"));
        Assert.Equal((Errno)0, Destination.PlaceBytes("others"u8, Scratch.At("b"), Scratch.File()));
        Assert.Equal("bytes", File.ReadAllText(_scratch["a"]));
        Assert.Equal("others", File.ReadAllText(_scratch["b"]));
    }

    public void Dispose() => _scratch.Dispose();

    private static EntryAttributes Symlink(string target)
        => Scratch.File() with { Type = EntryType.Symlink, Mode = 0x1FF, SymlinkTarget = Encoding.UTF8.GetBytes(target) };
}
