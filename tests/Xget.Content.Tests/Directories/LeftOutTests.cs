using System.Text;

namespace Xget.Content.Tests;

public sealed class LeftOutTests
{
    [Fact]
    public void Each_entry_is_a_line_in_the_order_of_the_names() =>
        Assert.Equal("a: permission denied\nb: it has vanished\n", Format(("b", "it has vanished"), ("a", "permission denied")));

    [Fact]
    public void Control_bytes_do_not_make_lines()
    {
        var value = LeftOut.Format([LeftOut.LineOf(FileName.Of("x\ny\x1b\\\xff"u8), "why\nnot")]);
        Assert.Equal("x\\x0ay\\x1b\\x5c\u00ff: why\\x0anot\n", Encoding.UTF8.GetString(value));
        Assert.Equal(["x\\x0ay\\x1b\\x5c\u00ff: why\\x0anot"], LeftOut.Parse(value).Lines.AsEnumerable());
    }

    [Fact]
    public void What_is_past_4096_bytes_is_counted()
    {
        var names = Enumerable.Range(0, 1000).Select(i => ($"n{i:d4}", "permission denied")).ToArray();
        var value = Encoding.UTF8.GetBytes(Format(names));
        var (lines, count) = LeftOut.Parse(value);
        Assert.Equal(1000, count);
        Assert.Equal(LeftOut.MaxNamedBytes / "n0000: permission denied\n".Length, lines.Length);
        Assert.EndsWith($"\nand {1000 - lines.Length} more\n", Encoding.UTF8.GetString(value), StringComparison.Ordinal);
    }

    [Fact]
    public void A_hostile_value_is_made_printable()
    {
        var (lines, count) = LeftOut.Parse("\x1b[2Ja: b\n\n\\x41\nand 7 more\nand 99999999999 more"u8);
        Assert.Equal(["\\x1b[2Ja: b", "\\x41", "and 7 more", "and 99999999999 more"], lines.AsEnumerable());
        Assert.Equal(4, count);
    }

    [Fact]
    public void An_empty_value_names_nothing() => Assert.Equal((0, 0L), (LeftOut.Parse(default).Lines.Length, LeftOut.Parse(default).Count));

    private static string Format(params (string Name, string Reason)[] entries) => Encoding.UTF8.GetString(
        LeftOut.Format(entries.Select(e => LeftOut.LineOf(FileName.Of(e.Name), e.Reason))));
}
