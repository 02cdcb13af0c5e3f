using Xget.Mount.Tests.Running;

namespace Xget.Mount.Tests;

/// <summary>One inode's opens against the kernel's rule (fs/fuse/iomode.c).</summary>
public class OpenModeTrackerTests
{
    private const int Id = 7;
    private const int OtherId = 8;

    // What the kernel says to each reply in each state, and whether the tracker ever gives that reply there. Direct
    // opens are never made, so their states do not occur.
    [Theory]
    [InlineData("nothing", "cached", true, true)]
    [InlineData("nothing", "direct", true, false)]
    [InlineData("nothing", "passthrough", true, true)]
    [InlineData("nothing", "passthrough, other id", true, true)]
    [InlineData("cached", "cached", true, true)]
    [InlineData("cached", "direct", true, false)]
    [InlineData("cached", "passthrough", false, false)]
    [InlineData("cached", "passthrough, other id", false, false)]
    [InlineData("direct", "cached", true, false)]
    [InlineData("direct", "direct", true, false)]
    [InlineData("direct", "passthrough", true, false)]
    [InlineData("direct", "passthrough, other id", true, false)]
    [InlineData("direct, mapped", "cached", true, false)]
    [InlineData("direct, mapped", "direct", true, false)]
    [InlineData("direct, mapped", "passthrough", false, false)]
    [InlineData("direct, mapped", "passthrough, other id", false, false)]
    [InlineData("passthrough", "cached", false, false)]
    [InlineData("passthrough", "direct", false, false)]
    [InlineData("passthrough", "passthrough", true, true)]
    [InlineData("passthrough", "passthrough, other id", false, false)]
    public void A_reply_that_the_kernel_refuses_is_never_given(string state, string reply, bool accepted, bool given)
    {
        Assert.Equal(accepted, KernelOpens.Accepts(state, reply));
        Assert.Equal(given, RepliesIn(state).Contains(reply));
        Assert.True(accepted || !given);
    }

    /// <summary>What the tracker replies in a state, whatever backing files are there to be offered.</summary>
    private static HashSet<string> RepliesIn(string state)
    {
        HashSet<string> replies = [];
        foreach (int offered in new[] { 0, Id, OtherId })
        {
            var tracker = new OpenModeTracker();
            switch (state)
            {
                case "nothing":
                    break;
                case "cached":
                    Assert.Equal(0, tracker.Open(() => 0));
                    break;
                case "passthrough":
                    Assert.Equal(Id, tracker.Open(() => Id));
                    break;
                default:
                    return [];
            }
            replies.Add(tracker.Open(() => offered) switch
            {
                0 => "cached",
                Id => "passthrough",
                _ => "passthrough, other id",
            });
        }
        return replies;
    }

    [Fact]
    public void A_backing_file_is_asked_for_only_by_the_open_that_chooses()
    {
        var tracker = new OpenModeTracker();
        tracker.Open(() => Id);
        Assert.Equal(Id, tracker.Open(() => throw new InvalidOperationException("asked again")));
    }

    [Fact]
    public void A_backing_file_that_cannot_be_had_means_the_cached_mode()
    {
        var tracker = new OpenModeTracker();
        Assert.Equal(0, tracker.Open(() => -1));
        Assert.Equal(0, tracker.Release());
    }

    [Fact]
    public void Opens_are_counted_until_they_are_released()
    {
        var tracker = new OpenModeTracker();
        for (int i = 1; i <= 5; i++)
        {
            tracker.Open(() => Id);
            Assert.Equal(i, tracker.Opens);
        }
        for (int i = 4; i >= 0; i--)
        {
            tracker.Release();
            Assert.Equal(i, tracker.Opens);
        }
    }

    [Fact]
    public void The_backing_id_is_closed_after_the_last_release_and_once()
    {
        var tracker = new OpenModeTracker();
        tracker.Open(() => Id);
        tracker.Open(() => 0);
        Assert.Equal(0, tracker.Release());
        Assert.Equal(Id, tracker.Release());
        Assert.Equal(0, tracker.Open(() => 0));
        Assert.Equal(0, tracker.Release());
    }

    [Fact]
    public void An_idle_inode_chooses_anew()
    {
        var tracker = new OpenModeTracker();
        Assert.Equal(0, tracker.Open(() => 0));
        tracker.Release();
        Assert.Equal(OtherId, tracker.Open(() => OtherId));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Opens_at_the_same_time_never_mix_modes(int seed)
    {
        var tracker = new OpenModeTracker();
        var kernel = new KernelOpens();
        int lastId = 0;
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, worker =>
        {
            var random = new Random(seed * 100 + worker);
            for (int i = 0; i < 20_000; i++)
            {
                bool offers = random.Next(2) == 0;
                int id = tracker.Open(() => offers ? Interlocked.Increment(ref lastId) : 0);
                lock (kernel)
                    Assert.True(kernel.TryOpen(id));
                if (random.Next(4) == 0)
                    Thread.Yield();
                // The kernel lets go before it says so.
                lock (kernel)
                    kernel.Close();
                int closed = tracker.Release();
                lock (kernel)
                    Assert.True(closed == 0 || kernel.Backing != closed);
            }
        });
        Assert.Equal(0, tracker.Opens);
    }
}
