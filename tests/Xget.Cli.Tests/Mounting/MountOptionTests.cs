using System.Net;
using Xget.Cli.Mounting;
using Xget.Fuse;
using Xget.Mount;

namespace Xget.Cli.Tests.Mounting;

/// <summary>The words after -o, and how the helper's call is told from the paper's.</summary>
public sealed class MountOptionTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("4096", 4096)]
    [InlineData("3k", 3 << 10)]
    [InlineData("3K", 3 << 10)]
    [InlineData("20M", 20L << 20)]
    [InlineData("20G", 20L << 30)]
    [InlineData("16T", 16L << 40)]
    public void A_size_has_a_suffix_of_a_power_of_1024(string text, long bytes) =>
        Assert.Equal((ulong)bytes, RoomSize.Parse(text)!.Value.On("/"));

    [Theory]
    [InlineData("100%", 1.0)]
    [InlineData("5%", 0.05)]
    [InlineData("2.5%", 0.025)]
    [InlineData("0%", 0)]
    public void A_size_may_be_a_share_of_the_disk_even_of_a_directory_that_is_still_to_be_made(string text, double share) =>
        Assert.Equal(new DriveInfo("/tmp").TotalSize * share, RoomSize.Parse(text)!.Value.On("/tmp/no/such/directory"), 1.0);

    [Theory]
    [InlineData("")]
    [InlineData("G")]
    [InlineData("%")]
    [InlineData("101%")]
    [InlineData("-1")]
    [InlineData("1.5G")]
    [InlineData("1GB")]
    [InlineData("99999999999999999999")]
    [InlineData("17179869184T")]
    public void Anything_else_is_no_size(string text) => Assert.Null(RoomSize.Parse(text));

    [Fact]
    public void Own_options_are_taken_out_and_what_is_the_kernel_s_stays_in_order()
    {
        MountSettings settings = MountSettings.Parse(
            "rw,noexec,cache=/a,context=\"a,b\",nosuid,prefetch=file,timeout=7,retries=3,retry=2,bg,share=no,bind=10.0.0.1:99,"
            + "advertise=10.0.0.2,name=n1,log=/l,log_level=debug,msize=8192,port=4711,serve_port=4712,stall=4,verify=always,_netdev,nofail,noallow_other",
            sloppy: false);

        Assert.Equal("rw,noexec,context=\"a,b\",nosuid,_netdev,nofail,default_permissions,nosuid,nodev,ro", settings.Kernel);
        Assert.Equal("/a", settings.CacheDirectory);
        Assert.Equal(Prefetch.File, settings.Prefetch);
        Assert.Equal((7.0, 4.0), (settings.Timeout.TotalSeconds, settings.Stall.TotalSeconds));
        Assert.Equal((3, 2.0, true), (settings.Retries, settings.Retry!.Value.TotalMinutes, settings.Background));
        Assert.False(settings.Share);
        Assert.Equal(IPEndPoint.Parse("10.0.0.1:99"), settings.Bind);
        Assert.Equal(IPEndPoint.Parse("10.0.0.1:4712"), settings.Listen);
        Assert.Equal(IPAddress.Parse("10.0.0.2"), settings.Advertise);
        Assert.Equal(("n1", "/l", 8192, 4711), (settings.Name, settings.LogFile, settings.Msize, settings.Port));
        Assert.True(settings.VerifyAlways);
    }

    [Theory]
    [InlineData("fish")]
    [InlineData("cache")]
    [InlineData("bg=yes")]
    [InlineData("cache=")]
    [InlineData("cache_size=much")]
    [InlineData("timeout=0")]
    [InlineData("timeout=1s")]
    [InlineData("port=0")]
    [InlineData("port=65536")]
    [InlineData("serve_port=0")]
    [InlineData("share=maybe")]
    [InlineData("verify=never")]
    [InlineData("prefetch=all")]
    [InlineData("log_level=7")]
    [InlineData("bind=here")]
    [InlineData("msize=100")]
    [InlineData("max_level=5")]
    public void A_wrong_option_is_named_in_one_line(string word)
    {
        var error = Assert.Throws<UserException>(() => MountSettings.Parse("ro," + word, sloppy: false));

        Assert.Equal(1, error.ExitCode);
        Assert.Contains(word.Split('=')[0], error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Sloppy_puts_up_with_unknown_words_but_not_with_wrong_values()
    {
        Assert.Equal("default_permissions,nosuid,nodev,ro", MountSettings.Parse("fish,bird=1,noallow_other", sloppy: true).Kernel);
        Assert.Throws<UserException>(() => MountSettings.Parse("timeout=fish", sloppy: true));
    }

    [Theory]
    [InlineData(true, "/sbin/mount.fuse.xget", "head:/", "/mnt", "-o", "rw")]
    [InlineData(true, "/sbin/mount.fuse.xget")]
    [InlineData(true, "xget", "head:/", "/mnt", "-o", "rw,dev,suid")]
    [InlineData(false, "xget", "head:/", "/mnt")]
    [InlineData(false, "xget", "/srv", "/mnt", "-o", "rw")]
    [InlineData(false, "xget", "-n", "head", ".", "/mnt", "-o")]
    [InlineData(false, "xget", "mount", "head:/", "/mnt", "-o", "ro")]
    public void The_helper_is_known_by_its_name_and_mount_fuse3_s_call_by_its_form(bool helper, string name, params string[] args) =>
        Assert.Equal(helper, HelperCall.IsOne(name, args));

    [Fact]
    public void The_helper_s_letters_are_those_of_mount_8()
    {
        MountRequest request = HelperCall.Parse("mount.fuse.xget", ["head:/", "/mnt", "-s", "-fv", "-n", "-o", "ro", "-o", "noexec"]);

        Assert.Equal(("head:/", "/mnt", "ro,noexec"), (request.Source, request.Directory, request.Options));
        Assert.True(request is { Sloppy: true, Fake: true, Verbose: true, Foreground: false, FromMount: true });
    }

    [Theory]
    [InlineData]
    [InlineData("head:/")]
    [InlineData("head:/", "/mnt", "/mnt2")]
    [InlineData("head:/", "/mnt", "-x")]
    [InlineData("head:/", "/mnt", "-o")]
    public void Any_other_call_of_the_helper_is_wrong_usage(params string[] args) =>
        Assert.Equal(1, Assert.Throws<UserException>(() => HelperCall.Parse("mount.fuse.xget", args)).ExitCode);

    [Theory]
    [InlineData("", MsFlags.NoSuid | MsFlags.NoDev)]
    [InlineData("defaults", MsFlags.NoSuid | MsFlags.NoDev)]
    [InlineData("suid", MsFlags.NoDev)]
    [InlineData("dev", MsFlags.NoSuid)]
    [InlineData("suid,dev", MsFlags.None)]
    [InlineData("nosuid,suid,dev,nodev", MsFlags.NoDev)]
    [InlineData("suid,dev,defaults", MsFlags.None)]
    [InlineData("allow_suid,allow_dev", MsFlags.None)]
    [InlineData("allow_dev,defaults", MsFlags.NoSuid)]
    [InlineData("nosuid,nodev,allow_suid,allow_dev", MsFlags.NoSuid | MsFlags.NoDev)]
    [InlineData("nosuid,defaults", MsFlags.NoSuid | MsFlags.NoDev)]
    public void Root_s_rights_and_devices_are_there_for_those_who_ask(string options, MsFlags expected) =>
        Assert.Equal(expected | MsFlags.ReadOnly, MountOptionSplit.Parse(MountSettings.Parse(options, sloppy: false).Kernel).Flags);

    [Theory]
    [InlineData("/sbin/mount.fuse.xget", "rw,dev,suid", "rw,dev,suid")] // the user's
    [InlineData("xget", "rw,dev,suid", "rw")] // mount.fuse3's
    [InlineData("/usr/bin/xget", "rw,nosuid,dev", "rw,nosuid,dev")]
    public void What_mount_fuse3_adds_asks_for_nothing(string name, string options, string taken) =>
        Assert.Equal(taken, HelperCall.Parse(name, ["head:/", "/mnt", "-o", options]).Options);

    [Fact]
    public void Any_free_port_serves_unless_one_is_chosen()
    {
        Assert.Equal("[::]:0", $"{MountSettings.Parse("", sloppy: false).Listen}");
        Assert.Equal("[::]:4711", $"{MountSettings.Parse("serve_port=4711", sloppy: false).Listen}");
        Assert.Equal("10.0.0.1:4711", $"{MountSettings.Parse("serve_port=4711,bind=10.0.0.1", sloppy: false).Listen}");
    }
}
