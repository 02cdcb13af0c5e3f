using Xget.Node.Fetching;
using Xget.Testing;

namespace Xget.Node.Tests.Fetching;

/// <summary>How many chunks a stripe asks for with one message.</summary>
public sealed class StripeTests
{
    private const int Run = 4;
    private readonly ManualTime _time = new();
    private readonly Stripe _stripe;

    public StripeTests() => _stripe = new Stripe(_time);

    private void Come(int times, double milliseconds, int chunks = 1, int run = Run)
    {
        for (int i = 0; i < times; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
            _stripe.Came(chunks, run, _time.GetTimestamp());
        }
    }

    [Fact]
    public void One_at_first() => Assert.Equal(1, _stripe.Span);

    [Theory]
    [InlineData(200, 1)]
    [InlineData(50, 1)]
    [InlineData(35, 2)]
    [InlineData(25, 3)]
    [InlineData(10, 4)]
    [InlineData(0.01, 4)]
    public void As_many_as_come_in_80_ms_at_most_a_run(double milliseconds, int span)
    {
        Come(50, milliseconds);
        Assert.Equal(span, _stripe.Span);
        Come(50, milliseconds * span, span);
        Assert.Equal(span, _stripe.Span);
    }

    [Fact]
    public void One_again_when_the_link_becomes_slow()
    {
        Come(50, 1);
        Come(50, 60);
        Assert.Equal(1, _stripe.Span);
    }

    [Theory]
    [InlineData(200, false)]
    [InlineData(50, false)]
    [InlineData(35, true)]
    [InlineData(1, true)]
    public void It_is_fast_where_two_come_in_80_ms_even_if_a_run_has_but_one(double milliseconds, bool isFast)
    {
        Assert.False(_stripe.IsFast);
        Come(50, milliseconds, run: 1);
        Assert.Equal((1, isFast), (_stripe.Span, _stripe.IsFast));
    }

    [Fact]
    public void A_pause_is_soon_forgotten()
    {
        Come(50, 1);
        Come(1, 60_000);
        Assert.InRange(_stripe.Span, 2, Run);
        Come(20, 1);
        Assert.Equal(Run, _stripe.Span);
    }

    [Fact]
    public void It_is_stuck_a_second_after_the_last_chunk_or_after_it_was_asked_again()
    {
        Assert.False(_stripe.IsStuck);
        _stripe.Ask(1);
        Come(1, 50);
        _stripe.Settle(1);
        Assert.False(_stripe.IsStuck);
        _time.Advance(TimeSpan.FromSeconds(60));
        _stripe.Ask(2); // somebody reads on
        Assert.False(_stripe.IsStuck);
        _time.Advance(TimeSpan.FromSeconds(0.9));
        Assert.False(_stripe.IsStuck);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.True(_stripe.IsStuck);
        Come(1, 0);
        Assert.False(_stripe.IsStuck);
    }

    [Fact]
    public void One_that_always_took_long_is_stuck_after_four_times_as_long()
    {
        Come(20, 900);
        _time.Advance(TimeSpan.FromSeconds(3.5));
        Assert.False(_stripe.IsStuck);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.True(_stripe.IsStuck);
    }

    [Theory]
    [InlineData(50, 500, true)]
    [InlineData(50, 290, false)]
    [InlineData(0.5, 55, false)]
    public void It_is_far_slower_than_one_that_takes_a_sixth_unless_both_are_fast(double one, double other, bool isFar)
    {
        var slow = new Stripe(_time);
        for (int i = 0; i < 20; i++)
        {
            _stripe.Ask(1);
            Come(1, one);
            _stripe.Settle(1);
            _time.Advance(TimeSpan.FromMilliseconds(other - one)); // nothing is asked of it meanwhile
            slow.Came(1, Run, _time.GetTimestamp());
        }
        Assert.Equal(isFar, slow.IsFarSlowerThan(_stripe));
        Assert.False(_stripe.IsFarSlowerThan(slow));
    }
}
