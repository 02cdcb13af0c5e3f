using Xget.Cli;

namespace Xget.Cluster.Tests;

/// <summary>When a watched tree is published, and on which names it depends what is watched.</summary>
public sealed class WatchTests
{
    private static TimeSpan Ms(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    [Fact]
    public void Nothing_is_due_before_anything_has_changed() => Assert.Null(new WatchPace().Due);

    [Fact]
    public void A_tree_is_published_when_it_has_been_quiet_for_a_moment()
    {
        var pace = new WatchPace();
        Assert.True(pace.Changed(Ms(1000)));
        Assert.False(pace.Changed(Ms(1150)));
        Assert.Equal(Ms(1350), pace.Due);
        pace.Began(Ms(1350));
        Assert.Null(pace.Due);
    }

    [Fact]
    public void A_tree_that_never_rests_is_published_five_seconds_after_the_first_change()
    {
        var pace = new WatchPace();
        for (int now = 0; now < 20_000; now += 50)
            pace.Changed(Ms(now));
        Assert.Equal(Ms(5000), pace.Due);
    }

    [Fact]
    public void A_tree_that_changes_all_the_time_is_published_for_a_third_of_the_time_at_most_and_never_forgotten()
    {
        foreach (int took in new[] { 1, 100, 2000, 60_000 })
        {
            var pace = new WatchPace();
            double published = 0;
            int times = 0, now = 0;
            while (now < 3_600_000)
            {
                pace.Changed(Ms(now));
                now += 50;
                if (pace.Due > Ms(now))
                    continue;
                pace.Began(Ms(now));
                pace.Changed(Ms(now + took / 2.0));
                pace.Ended(Ms(now += took));
                published += took;
                times++;
            }
            Assert.InRange(published, 0, 3_600_000 / 3 + took);
            Assert.InRange(times, 3_600_000 / (5050 + 3 * took) - 1, 3_600_000 / 5000 + 1);
        }
    }

    [Fact]
    public void What_changes_while_a_publishing_runs_is_for_the_next_one()
    {
        var pace = new WatchPace();
        pace.Changed(Ms(0));
        pace.Began(Ms(200));
        Assert.True(pace.Changed(Ms(300)));
        pace.Ended(Ms(1200));
        Assert.Equal(Ms(3200), pace.Due);    // twice what it took
    }

    [Theory]
    [InlineData("/srv/images", "/srv/images")]
    [InlineData("/srv/current", "/srv/current /srv/v1")]
    [InlineData("/srv/current/sub", "/srv/current /srv/v1/sub")]
    [InlineData("/srv/chain/x", "/srv/chain /srv/current /srv/v1/x")]
    [InlineData("/abs", "/abs /data/set")]
    [InlineData("/srv/up/x", "/srv/up /other/x")]
    [InlineData("/", "/")]
    public void The_links_on_the_way_are_named(string path, string chain) =>
        Assert.Equal(chain.Split(' '), LinkChain.Of(path, link => link switch
        {
            "/srv/current" => "v1",
            "/srv/chain" => "./current",
            "/abs" => "/data/set",
            "/srv/up" => "../other",
            _ => null,
        }));

    [Fact]
    public void A_link_to_itself_ends() =>
        Assert.InRange(LinkChain.Of("/loop", link => link == "/loop" ? "/loop" : null).Count, 1, 41);
}
