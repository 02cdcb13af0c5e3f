using Xget.Cli.Mounting;

namespace Xget.Cli.Tests.Mounting;

/// <summary>What stands before the mount point, as users write it.</summary>
public sealed class MountSourceTests
{
    [Theory]
    [InlineData("head:/", "head:20004", "/")]
    [InlineData("head:/sub/dir", "head:20004", "/sub/dir")]
    [InlineData("head://sub//dir/", "head:20004", "/sub/dir")]
    [InlineData("head:4711:/", "head:4711", "/")]
    [InlineData("10.0.0.1:/x", "10.0.0.1:20004", "/x")]
    [InlineData("[2001:db8::1]:/", "[2001:db8::1]:20004", "/")]
    [InlineData("[2001:db8::1]:4711:/x", "[2001:db8::1]:4711", "/x")]
    [InlineData("head!4711:/", "head:4711", "/")]
    [InlineData("one,two:/sub", "one:20004 two:20004", "/sub")]
    [InlineData("one:1,[::2]:2,three:/", "one:1 [::2]:2 three:20004", "/")]
    [InlineData("head:/with:/colon", "head:20004", "/with:/colon")]
    public void A_source_names_masters_and_a_directory(string text, string masters, string path)
    {
        MountSource source = MountSource.Parse(text, 20004)!;

        Assert.Equal(masters, string.Join(' ', source.Masters));
        Assert.Equal(path, source.Path);
        Assert.Equal(text, source.Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("head")]
    [InlineData("head:")]
    [InlineData("head:4711")]
    [InlineData("/dev/sda1")]
    [InlineData(":/")]
    [InlineData(",head:/")]
    [InlineData("head,:/")]
    [InlineData("head:0x10:/")]
    [InlineData("head:70000:/")]
    [InlineData("[::1:/")]
    [InlineData("head:/a/../b")]
    [InlineData("head:/./b")]
    public void Anything_else_is_no_source(string text) => Assert.Null(MountSource.Parse(text, 20004));

    [Fact]
    public async Task A_master_whose_name_nobody_knows_does_not_hide_the_next_one()
    {
        MountSource source = MountSource.Parse("no-such-host.invalid,127.0.0.1:7:/", 20004)!;

        (var addresses, string? reason) = await source.ResolveAsync(CancellationToken.None);

        Assert.Equal("127.0.0.1:7", Assert.Single(addresses).ToString());
        Assert.Null(reason);
    }
}
