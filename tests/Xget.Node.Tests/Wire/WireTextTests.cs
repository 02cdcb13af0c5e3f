using Xget.Node.Wire;

namespace Xget.Node.Tests.Wire;

/// <summary>Text of another process, made fit for a terminal.</summary>
public sealed class WireTextTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("plain text, größer, 文件, 👍", "plain text, größer, 文件, 👍")]
    [InlineData("a\u001b[2Jb", "a\\x1b[2Jb")]
    [InlineData("a\nb\rc\td\0e\u007f", "a\\x0ab\\x0dc\\x09d\\x00e\\x7f")]
    [InlineData("\u0085\u009b31m\u00ad", "\\x85\\x9b31m\\xad")]
    [InlineData("\u202a\u202b\u202c\u202d\u202e", "\\u202a\\u202b\\u202c\\u202d\\u202e")]
    [InlineData("\u2066\u2067\u2068\u2069\u200e\u200f\u061c", "\\u2066\\u2067\\u2068\\u2069\\u200e\\u200f\\u061c")]
    [InlineData("\u2028\u2029\ufeff\u200b", "\\u2028\\u2029\\ufeff\\u200b")]
    [InlineData("\U000e0041", "\\ue0041")]
    [InlineData("می‌خواهم", "می‌خواهم")]
    public void One_line_has_nothing_in_it_that_a_terminal_obeys(string text, string shown) => Assert.Equal(shown, WireText.OneLine(text));

    [Fact]
    public void Half_a_character_is_shown_as_its_number() =>
        Assert.Equal("a\\ud83db", WireText.OneLine(new string(['a', '\ud83d', 'b'])));

    [Fact]
    public void A_long_text_is_cut() => Assert.Equal("abc...", WireText.OneLine("abcdef", 3));

    [Fact]
    public void Several_lines_stay_lines() => Assert.Equal("a\n\tb\\x0d\nc\\x1b", WireText.Lines("a\n\tb\r\nc\u001b"));

    [Fact]
    public void A_masked_text_is_never_longer_than_it_was() =>
        Assert.Equal("a.[2J..b.", WireText.Masked("a\u001b[2J\r\nb\u202e"));

    [Fact]
    public void A_clean_text_is_not_copied()
    {
        string text = "nothing to do here";
        Assert.Same(text, WireText.OneLine(text));
        Assert.Same(text, WireText.Lines(text));
    }
}
