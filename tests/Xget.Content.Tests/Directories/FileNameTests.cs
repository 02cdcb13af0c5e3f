using System.Text;

namespace Xget.Content.Tests;

public sealed class FileNameTests
{
    [Fact]
    public void Any_bytes_but_slash_and_NUL_make_a_name()
    {
        for (var value = 0; value < 256; value++)
            Assert.Equal(value is not (0 or '/'), FileName.TryCreate([(byte)'x', (byte)value], out _, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a\0b")]
    public void What_is_no_name_is_refused_with_a_reason(string text)
    {
        Assert.False(FileName.TryCreate(Encoding.UTF8.GetBytes(text), out _, out var reason));
        Assert.NotEmpty(reason);
    }

    [Fact]
    public void A_name_has_at_most_255_bytes()
    {
        Assert.True(FileName.TryCreate(new string('x', 255).Select(c => (byte)c).ToArray(), out _, out _));
        Assert.False(FileName.TryCreate(new string('x', 256).Select(c => (byte)c).ToArray(), out _, out _));
        Assert.True(FileName.TryCreate("..."u8, out _, out _));
    }

    [Theory]
    [InlineData(new byte[] { (byte)'a', 0xC3, 0xA4 }, "aä")]
    [InlineData(new byte[] { (byte)'a', 0xFF, 0xC3 }, "a\\xff\\xc3")]
    [InlineData(new byte[] { (byte)'\n', (byte)' ', 0x1B, 0x7F }, "\\x0a \\x1b\\x7f")]
    [InlineData(new byte[] { (byte)'\\', (byte)'x' }, "\\x5cx")]
    [InlineData(new byte[] { 0xE2, 0x80, 0xAE }, "\\xe2\\x80\\xae")]    // right-to-left override
    public void Text_shows_each_byte_that_is_not_printable(byte[] bytes, string text) =>
        Assert.Equal(text, FileName.Of(bytes).ToString());

    [Fact]
    public void Names_are_ordered_by_bytes_and_a_beginning_comes_first()
    {
        FileName[] names = [FileName.Of([0xff]), FileName.Of("b"), FileName.Of("ab"), FileName.Of("a"), FileName.Of("B")];
        Array.Sort(names);
        Assert.Equal(["B", "a", "ab", "b", "\\xff"], names.Select(name => name.ToString()));
        Assert.Equal(FileName.Of("a"), FileName.Of("a"u8));
        Assert.Equal(FileName.Of("a").GetHashCode(), FileName.Of("a"u8).GetHashCode());
    }

    [Fact]
    public void A_name_keeps_its_own_bytes_and_ends_with_NUL_for_the_system()
    {
        byte[] bytes = [(byte)'a', (byte)'b'];
        var name = FileName.Of(bytes);
        bytes[0] = (byte)'z';
        Assert.Equal("ab\0"u8.ToArray(), name.Terminated.ToArray());
        Assert.Equal("\0"u8.ToArray(), default(FileName).Terminated.ToArray());
        Assert.True(default(FileName).IsEmpty);
    }
}
