namespace Xget.Fuse.Tests.Mounting;

public class MountOptionSplitTests
{
    [Theory]
    [InlineData("", MsFlags.None, "", "")]
    [InlineData("ro", MsFlags.ReadOnly, "", "")]
    [InlineData("ro,nosuid,nodev,noexec", MsFlags.ReadOnly | MsFlags.NoSuid | MsFlags.NoDev | MsFlags.NoExec, "", "")]
    [InlineData("noatime,nodiratime,sync,dirsync,nosymfollow", MsFlags.NoAtime | MsFlags.NoDirAtime
        | MsFlags.Synchronous | MsFlags.DirSync | MsFlags.NoSymFollow, "", "")]
    [InlineData("relatime,strictatime,lazytime", MsFlags.StrictAtime | MsFlags.LazyTime, "", "")]
    [InlineData("noatime,relatime", MsFlags.RelAtime, "", "")]
    [InlineData("relatime,noatime", MsFlags.NoAtime, "", "")]
    [InlineData("user_id=0,group_id=0,rootmode=40000,nonempty", MsFlags.None, "", "")]
    [InlineData("ro,rw", MsFlags.None, "", "")]
    [InlineData("rw,ro", MsFlags.ReadOnly, "", "")]
    [InlineData("nosuid,nodev,dev,suid", MsFlags.None, "", "")]
    [InlineData("ro,remount", MsFlags.ReadOnly | MsFlags.Remount, "", "")]
    [InlineData("ro,nosuid,defaults", MsFlags.None, "", "")]
    [InlineData("allow_other,default_permissions,max_read=131072", MsFlags.None,
        "allow_other|default_permissions|max_read=131072", "")]
    [InlineData("_netdev,nofail,noauto,auto,user,users,user=me,owner,group,comment=systemd.x", MsFlags.None, "", "")]
    [InlineData("x-systemd.automount,x-systemd.requires=a,X-mount.mkdir", MsFlags.None, "", "")]
    [InlineData("port=1,cache=/var/x,ro", MsFlags.ReadOnly, "", "port=1|cache=/var/x")]
    [InlineData("fsname=x,subtype=y,blksize=1,fd=3", MsFlags.None, "", "fsname=x|blksize=1")]
    [InlineData("max_read,max_read=,max_read=-1,max_read=1k", MsFlags.None, "", "max_read|max_read=|max_read=-1|max_read=1k")]
    [InlineData("allow_other=1,ro=1", MsFlags.None, "", "allow_other=1|ro=1")]
    [InlineData("context=\"a:b:c1,c2\",ro", MsFlags.ReadOnly, "context=\"a:b:c1,c2\"", "")]
    [InlineData(",, ro ,,", MsFlags.ReadOnly, "", "")]
    [InlineData("\"ro,rw", MsFlags.None, "", "\"ro,rw")]
    public void Words_go_to_those_who_heed_them(string options, MsFlags flags, string kernel, string others)
    {
        MountOptionSplit split = MountOptionSplit.Parse(options);
        Assert.Equal((flags, kernel, others),
            (split.Flags, string.Join('|', split.Kernel), string.Join('|', split.Others)));
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("defaults", false)]
    [InlineData("rw", true)]
    [InlineData("rw,ro", false)]
    [InlineData("ro,rw", true)]
    public void It_is_known_who_asks_to_write(string options, bool expected) =>
        Assert.Equal(expected, MountOptionSplit.Parse(options).AsksToWrite);

    [Fact]
    public void The_kernel_gets_its_words_behind_those_that_it_must_have() =>
        Assert.Equal("fd=5,rootmode=40000,user_id=1,group_id=2,allow_other,max_read=4096",
            MountOptionSplit.Parse("ro,allow_other,_netdev,max_read=4096").KernelData(5, 1, 2));

    [Fact]
    public void Fusermount_gets_flags_as_words_and_names_escaped() =>
        Assert.Equal("ro,nosuid,noatime,allow_other,fsname=a\\,b\\\\c,subtype=x",
            MountOptionSplit.Parse("noatime,nosuid,ro,allow_other").FusermountOptions("a,b\\c", "x"));

    [Theory]
    [InlineData("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue", "98:0", "/mnt2", "ext3", "/dev/root")]
    [InlineData("36 35 0:42 / /a\\040b\\134\\303\\244 rw - fuse.xget master:/ rw", "0:42", "/a b\\ä", "fuse.xget", "master:/")]
    [InlineData("36 35 0:42 / /a shared:1 master:2 x rw - fuse.x a\\040b rw", "0:42", "/a", "fuse.x", "a b")]
    public void A_line_of_mountinfo_is_understood(string line, string device, string path, string type, string source) =>
        Assert.Equal(new MountEntry(device, path, type, source), MountEntry.Parse(line));

    [Theory]
    [InlineData("")]
    [InlineData("36 35 98:0 /mnt1 /mnt2 rw")]
    [InlineData("36 35 98:0 /mnt1 /mnt2 rw - ext3")]
    [InlineData("- - - - - - -")]
    public void What_is_no_line_of_mountinfo_is_nothing(string line) => Assert.Null(MountEntry.Parse(line));
}
