using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Xget.Node.Wire;

namespace Xget.Node.Tests.Wire;

public class RouteLineTests
{
    private static readonly IPEndPoint Worker = new(IPAddress.Parse("10.0.0.5"), 40001);

    [Fact]
    public void A_route_has_one_line_per_stripe_with_number_level_and_parent() =>
        Assert.Equal("0 2 10.0.0.5!40001\n1 1 me\n", RouteLine.Format([new(0, 2, Worker), new(1, 1, null)]));

    [Fact]
    public void The_lines_are_read_in_order()
    {
        Assert.True(RouteLine.TryParse("0 2 10.0.0.5!40001\n1 1 me\n", out RouteLine[] routes));
        Assert.Equal([new(0, 2, Worker), new(1, 1, null)], routes);
    }

    [Fact]
    public void A_fourth_word_tells_how_far_the_others_are()
    {
        const string Text = "0 2 10.0.0.5!40001 131072\n1 1 me\n2 1 me 18446744073709551615\n";
        Assert.True(RouteLine.TryParse(Text, out RouteLine[] routes));
        Assert.Equal([new(0, 2, Worker, 131072), new(1, 1, null), new(2, 1, null, ulong.MaxValue)], routes);
        Assert.Equal(Text, RouteLine.Format(routes));
    }

    [Fact]
    public void Words_behind_the_known_ones_are_skipped()
    {
        Assert.True(RouteLine.TryParse("0 1 me 5 and a word of tomorrow\n", out RouteLine[] routes));
        Assert.Equal([new(0, 1, null, 5)], routes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("me")]
    [InlineData("0 me\n")]
    [InlineData("0 1\n")]
    [InlineData("0 1 \n")]
    [InlineData("1 1 me\n")]
    [InlineData("0 1 me\n2 1 me\n")]
    [InlineData("0 1 me\n0 1 me\n")]
    [InlineData("0 -1 me\n")]
    [InlineData("0 x me\n")]
    [InlineData("0 1 ME\n")]
    [InlineData("0 1 10.0.0.5!0\n")]
    [InlineData("0 1 head!80\n")]
    [InlineData("0 1 me x\n")]
    [InlineData("0 1 me -1\n")]
    [InlineData("0 1 me 18446744073709551616\n")]
    [InlineData("99999999999 1 me\n")]
    public void A_malformed_line_refuses_the_whole(string text)
    {
        Assert.False(RouteLine.TryParse(text, out RouteLine[] routes));
        Assert.Empty(routes);
    }

    [Fact]
    public void More_stripes_than_anybody_uses_are_refused() =>
        Assert.False(RouteLine.TryParse(
            RouteLine.Format(Enumerable.Range(0, RouteLine.MaxStripes + 1).Select(i => new RouteLine(i, 1, null))), out _));

    [Fact]
    public void Every_text_is_read_or_refused() =>
        Prop.ForAll<string>(text => RouteLine.TryParse(text ?? "", out RouteLine[] routes) == routes.Length > 0).QuickCheckThrowOnFailure();

    [Fact]
    public void What_is_written_is_read_as_the_same() =>
        Prop.ForAll<byte, byte, uint>((stripes, level, address) =>
        {
            RouteLine[] routes = [.. Enumerable.Range(0, 1 + stripes % RouteLine.MaxStripes).Select(i =>
                new RouteLine(i, level, i % 3 == 0 ? null : new IPEndPoint(new IPAddress(address), 1 + i), (ulong)address << level % 32))];
            return RouteLine.TryParse(RouteLine.Format(routes), out RouteLine[] parsed) && parsed.SequenceEqual(routes);
        }).QuickCheckThrowOnFailure();
}
