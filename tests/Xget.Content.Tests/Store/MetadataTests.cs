using Mono.Unix.Native;
using Xget.Content.Store;

namespace Xget.Content.Tests.Store;

public sealed class MetadataTests : IDisposable
{
    private readonly Scratch _scratch = new();

    // cap_net_raw=ep as the kernel stores it: revision 2 with the effective bit, permitted, inheritable.
    private static readonly Xattr NetRaw = new("security.capability"u8.ToArray(),
        [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

    private Destination Destination => _scratch.Destination;

    [SkippableFact]
    public async Task Setuid_and_capabilities_survive_the_change_of_owner()
    {
        Prerequisite.Root();
        EntryAttributes attributes = Scratch.File(0xFED) with { Uid = 12345, Gid = 54321, Xattrs = [NetRaw] };
        Sample sample = Sample.Random(300_000);
        using FileContent content = await sample.StoreIn(Destination);
        Assert.Equal((Errno)0, Destination.PlaceFile(content, Scratch.At("large"), attributes));
        Assert.Equal((Errno)0, Destination.PlaceRange(content, sample.Whole, Scratch.At("copy"), attributes));
        Assert.Equal((Errno)0, Destination.PlaceBytes("x"u8, Scratch.At("small"), attributes));
        File.WriteAllText(_scratch["there"], "x");
        Assert.Equal((Errno)0, Destination.ApplyMetadata(Scratch.At("there"), attributes));
        foreach (string name in new[] { "large", "copy", "small", "there" })
        {
            Assert.Equal("7755 12345 54321", Scratch.Stat(_scratch[name], "%a %u %g"));
            Assert.Contains("cap_net_raw=ep", Scratch.Run("/usr/sbin/getcap", _scratch[name]), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(0, 1u, "1970-01-01 00:00:00.000000001 +0000")]
    [InlineData(-1, 999_999_999u, "1969-12-31 23:59:59.999999999 +0000")]
    [InlineData(4_102_444_800, 5u, "2100-01-01 00:00:00.000000005 +0000")]
    public void Times_are_kept_to_the_nanosecond(long seconds, uint nanoseconds, string expected)
    {
        Destination.PlaceBytes("x"u8, Scratch.At("f"), Scratch.File() with { Mtime = new Timestamp(seconds, nanoseconds) });
        Assert.Equal(expected, Scratch.Run("env", "TZ=UTC", "stat", "-c", "%y", _scratch["f"]));
    }

    [Fact]
    public void Extended_attributes_are_set_changed_and_removed()
    {
        Xattr one = new("user.one"u8.ToArray(), "1"u8.ToArray());
        Xattr empty = new("user.empty"u8.ToArray(), []);
        Xattr large = new("user.large"u8.ToArray(), new byte[3000]);
        Destination.PlaceBytes("x"u8, Scratch.At("f"), Scratch.File() with { Xattrs = [empty, large, one] });
        Assert.Equal("1"u8.ToArray(), Scratch.Xattr(_scratch["f"], "user.one"));
        Assert.Equal(0, Syscall.lgetxattr(_scratch["f"], "user.empty", null!, 0));
        Assert.Equal(3000, Scratch.Xattr(_scratch["f"], "user.large")!.Length);

        Xattr changed = one with { Value = "2"u8.ToArray() };
        Assert.Equal((Errno)0, Destination.ApplyMetadata(Scratch.At("f"), Scratch.File() with { Xattrs = [changed] }));
        Assert.Equal("2"u8.ToArray(), Scratch.Xattr(_scratch["f"], "user.one"));
        Assert.Null(Scratch.Xattr(_scratch["f"], "user.empty"));
        Assert.Null(Scratch.Xattr(_scratch["f"], "user.large"));
    }

    [Fact]
    public void Many_extended_attributes_are_removed_too()
    {
        Scratch shm = new("/dev/shm");
        using (shm)
        {
            File.WriteAllText(shm["f"], "x");
            for (int i = 0; i < 100; i++)
                Assert.Equal(0, Syscall.setxattr(shm["f"], $"user.attribute-number-{i}", new byte[] { 1 }));
            Assert.Equal((Errno)0, shm.Destination.ApplyMetadata(Scratch.At("f"), Scratch.File()));
            Assert.Equal(0, Syscall.llistxattr(shm["f"], out string[] names));
            Assert.Empty(names);
        }
    }

    [SkippableFact]
    public void A_file_that_differs_in_nothing_is_not_touched()
    {
        Prerequisite.Root();
        EntryAttributes attributes = Scratch.File(0x9ED) with { Uid = 5, Gid = 6, Xattrs = [NetRaw] };
        Destination.PlaceBytes("x"u8, Scratch.At("f"), attributes);
        string before = Scratch.Stat(_scratch["f"], "%i %z");
        Assert.Equal((Errno)0, Destination.ApplyMetadata(Scratch.At("f"), attributes));
        Assert.Equal((Errno)0, Destination.PlaceBytes("x"u8, Scratch.At("f"), attributes));
        Assert.Equal(before, Scratch.Stat(_scratch["f"], "%i %z"));
    }

    [SkippableFact]
    public void Access_control_lists_are_kept_and_inherited_ones_removed()
    {
        Prerequisite.Root();
        // user::rwx user:5:r-x group::r-x mask::r-x other::---, version 2, entries of tag, permission, id.
        byte[] acl = Convert.FromHexString(
            "02000000" + "01000700FFFFFFFF" + "0200050005000000" + "04000500FFFFFFFF" + "10000500FFFFFFFF" + "20000000FFFFFFFF");
        Assert.Equal(0, Syscall.setxattr(_scratch.Root, "system.posix_acl_default", acl));
        Xattr access = new("system.posix_acl_access"u8.ToArray(), acl);

        Destination.PlaceBytes("x"u8, Scratch.At("with"), Scratch.File(0x1E8) with { Xattrs = [access] });
        Destination.PlaceBytes("x"u8, Scratch.At("without"), Scratch.File(0x1E8));
        Destination.EnsureDirectory(Scratch.At("dir"));
        Assert.NotNull(Scratch.Xattr(_scratch["dir"], "system.posix_acl_default"));
        Destination.FinishDirectory(Scratch.At("dir"), Scratch.Directories(0x1E8));
        Assert.Equal(acl, Scratch.Xattr(_scratch["with"], "system.posix_acl_access"));
        foreach (string name in new[] { "without", "dir" })
        {
            Assert.Null(Scratch.Xattr(_scratch[name], "system.posix_acl_access"));
            Assert.Null(Scratch.Xattr(_scratch[name], "system.posix_acl_default"));
        }
        Assert.Equal("750", Scratch.Stat(_scratch["with"], "%a"));
        Assert.Equal("750", Scratch.Stat(_scratch["without"], "%a"));
        Assert.Equal("750", Scratch.Stat(_scratch["dir"], "%a"));
    }

    [SkippableFact]
    public void Mode_and_owner_can_be_left_alone()
    {
        Prerequisite.Root();
        using Destination loose = _scratch.Open(new DestinationOptions { KeepMode = false });
        File.WriteAllText(_scratch["old"], "old");
        Scratch.Run("chown", "5:6", _scratch["old"]);
        Scratch.Run("chmod", "640", _scratch["old"]);
        EntryAttributes attributes = Scratch.File(0xFFF) with { Uid = 12345, Gid = 54321 };
        Assert.Equal((Errno)0, loose.PlaceBytes("new"u8, Scratch.At("old"), attributes));
        Assert.Equal((Errno)0, loose.PlaceBytes("new"u8, Scratch.At("new"), attributes));
        Assert.Equal((Errno)0, loose.EnsureDirectory(Scratch.At("dir")));
        Assert.Equal((Errno)0, loose.FinishDirectory(Scratch.At("dir"), Scratch.Directories(0x140)));
        Directory.CreateDirectory(_scratch["witness"]);
        string directoryMode = Scratch.Stat(_scratch["witness"], "%a");
        Assert.Equal("new 5 6 640", File.ReadAllText(_scratch["old"]) + Scratch.Stat(_scratch["old"], " %u %g %a"));
        Assert.Equal($"0 0 {directoryMode} 1234567890", Scratch.Stat(_scratch["new"], "%u %g %a %Y"));
        Assert.Equal($"0 0 {directoryMode} 1234567890", Scratch.Stat(_scratch["dir"], "%u %g %a %Y"));
    }

    [SkippableFact]
    public void Without_the_owner_setuid_is_not_given_to_somebody_else()
    {
        Prerequisite.Root();
        using Destination mine = _scratch.Open(new DestinationOptions { KeepOwner = false });
        mine.PlaceBytes("x"u8, Scratch.At("f"), Scratch.File(0xFED) with { Uid = 12345, Gid = 0 });
        Assert.Equal("3755 0", Scratch.Stat(_scratch["f"], "%a %u"));
    }

    public void Dispose() => _scratch.Dispose();
}
