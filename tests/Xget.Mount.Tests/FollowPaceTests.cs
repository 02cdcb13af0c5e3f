namespace Xget.Mount.Tests;

/// <summary>How often a mount follows its master: one that says something else all the time, or that fails, costs little.</summary>
public class FollowPaceTests
{
    [Theory]
    [InlineData(0, 0, 1000)]
    [InlineData(0, 300, 700)]
    [InlineData(0, 5000, 0)]
    [InlineData(1, 0, 1000)]
    [InlineData(2, 0, 2000)]
    [InlineData(3, 0, 4000)]
    [InlineData(4, 500, 7500)]
    [InlineData(5, 0, 10_000)]
    [InlineData(int.MaxValue, 0, 10_000)]
    public void The_pause_is_what_is_left_of_a_second_and_doubles_with_failures(int failures, int sinceMs, int pauseMs) =>
        Assert.Equal(TimeSpan.FromMilliseconds(pauseMs), FollowPace.Pause(failures, TimeSpan.FromMilliseconds(sinceMs)));

    [Fact]
    public void A_master_that_flaps_is_followed_once_a_second()
    {
        TimeSpan now = TimeSpan.Zero;
        int followed = 0;
        for (; now < TimeSpan.FromSeconds(60); followed++)
            now += TimeSpan.FromMilliseconds(1) + FollowPace.Pause(0, TimeSpan.FromMilliseconds(1));
        Assert.InRange(followed, 59, 61);
    }
}
