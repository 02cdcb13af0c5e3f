using FsCheck;
using FsCheck.Fluent;
using Xget.Content;
using Xget.Node.Wire;

namespace Xget.Node.Tests.Wire;

public class GenerationTextTests
{
    private const string Hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    private static readonly GenerationText Sample = new(
        3, Digest.Read(Convert.FromHexString(Hex)), 4711, new DateTimeOffset(2026, 11, 20, 14, 0, 0, TimeSpan.Zero), 12, 34567);

    [Fact]
    public void It_says_number_root_and_time() =>
        Assert.Equal($"generation 3\nroot {Hex} 4711\npublished 2026-11-20T14:00:00.0000000Z\nfiles 12\nbytes 34567\n",
            Sample.Format());

    [Fact]
    public void It_says_what_was_left_out_if_anything_was()
    {
        GenerationText incomplete = Sample with { LeftOut = 2 };
        Assert.Equal(Sample.Format() + "left-out 2\n", incomplete.Format());
        Assert.True(GenerationText.TryParse(incomplete.Format(), out GenerationText? read));
        Assert.Equal(incomplete, read);
    }

    [Fact]
    public void It_is_read_in_any_order_of_lines()
    {
        Assert.True(GenerationText.TryParse($"root {Hex} 4711\npublished 2026-11-20T14:00:00.0000000Z\ngeneration 3\nbytes 34567\nfiles 12\n", out GenerationText? read));
        Assert.Equal(Sample, read);
    }

    [Fact]
    public void Unknown_lines_and_words_are_skipped()
    {
        Assert.True(GenerationText.TryParse("colour blue\n" + Sample.Format().Replace(" 4711\n", " 4711 more\n", StringComparison.Ordinal), out GenerationText? read));
        Assert.Equal(Sample, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("generation 1\n")]
    [InlineData("root " + Hex + " 1\n")]
    [InlineData("generation\nroot " + Hex + " 1\n")]
    [InlineData("generation -1\nroot " + Hex + " 1\n")]
    [InlineData("generation 1\nroot " + Hex + "\n")]
    [InlineData("generation 1\nroot " + Hex + "00 1\n")]
    [InlineData("generation 1\nroot 00 1\n")]
    [InlineData("generation 1\nroot " + Hex + " 99999999999999999999\n")]
    [InlineData("generation 1\nroot " + Hex + " 1\npublished yesterday\n")]
    public void Without_a_number_and_a_root_it_is_refused(string text)
    {
        Assert.False(GenerationText.TryParse(text, out GenerationText? read));
        Assert.Null(read);
    }

    [Fact]
    public void Every_text_is_read_or_refused() =>
        Prop.ForAll<string>(text => GenerationText.TryParse(text ?? "", out GenerationText? read) == read is not null).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_damaged_text_is_read_or_refused() =>
        Prop.ForAll<int, char>((at, c) =>
        {
            char[] text = Sample.Format().ToCharArray();
            text[(int)((uint)at % text.Length)] = c;
            return GenerationText.TryParse(new string(text), out GenerationText? read) == read is not null;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_is_written_is_read_as_the_same() =>
        Prop.ForAll<ulong, ulong, DateTime>((number, size, time) =>
        {
            var text = new GenerationText(number, Sample.Root, size, new DateTimeOffset(time.Ticks, TimeSpan.Zero), 5, size);
            return GenerationText.TryParse(text.Format(), out GenerationText? read) && text == read;
        }).QuickCheckThrowOnFailure();
}
