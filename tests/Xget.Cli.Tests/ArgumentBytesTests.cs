using System.Text;

namespace Xget.Cli.Tests;

/// <summary>Words of the command line that are not UTF-8.</summary>
public sealed class ArgumentBytesTests
{
    private static string? NotText(string latin1) => ArgumentBytes.NotText(Encoding.Latin1.GetBytes(latin1));

    [Theory]
    [InlineData("xget\0-n\0head\0.\0/dest\0")]
    [InlineData("xget\0caf\u00c3\u00a9\0")] // UTF-8
    [InlineData("xget\0\u00ef\u00bf\u00bd\0")] // U+FFFD, given as such
    [InlineData("xget\0\0\0")]
    [InlineData("")]
    public void Text_is_taken(string words) => Assert.Null(NotText(words));

    [Theory]
    [InlineData("xget\0caf\u00e9\0x\0", "caf\\xe9")]
    [InlineData("xget\0\u00c3\0\u00a9\0", "\\xc3")] // no character goes on in the next word
    [InlineData("xget\0a\u001b\u00ff", "a\\x1b\\xff")]
    public void Other_bytes_are_shown(string words, string shown) => Assert.Equal(shown, NotText(words));

    [Fact]
    public void Words_without_a_sign_of_replacement_need_no_look() => Assert.Null(ArgumentBytes.NotText(["-n", "head", "größe"]));
}
