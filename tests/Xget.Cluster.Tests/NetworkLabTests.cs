using Xget.Lab;

namespace Xget.Cluster.Tests;

/// <summary>The lab itself: what the other tests take for granted.</summary>
public sealed class NetworkLabTests
{
    [SkippableFact]
    public async Task Nodes_reach_each_other_and_the_switch_counts_what_they_send()
    {
        Prerequisite.Root();
        Prerequisite.Commands("ip", "nsenter", "bash", "perl");
        using var scratch = new Scratch();
        string sent = scratch.RandomFile("sent", 1_000_000);
        using var lab = new NetworkLab(3);
        using Child sink = Child.Start(scratch["sink"], lab.Namespace(2), "perl", "-MIO::Socket::INET", "-e",
            """
            my $s = IO::Socket::INET->new(LocalPort => 999, Listen => 1) or die; $| = 1; print "up\n";
            my $c = $s->accept; my $n = 0; while (my $got = sysread($c, my $buffer, 65536)) { $n += $got } print "$n\n";
            """);
        await sink.LineAsync(l => l == "up", TimeSpan.FromSeconds(10));
        long before = lab.Counters(0).Sent;

        using Child source = Child.Start(scratch["source"], lab.Namespace(0), "bash", "-c",
            $"cat {sent} >/dev/tcp/{NetworkLab.Address(2)}/999");
        await source.ExpectExitAsync(0, TimeSpan.FromSeconds(10));
        await sink.ExpectExitAsync(0, TimeSpan.FromSeconds(10));

        Assert.Contains("1000000", sink.Output, StringComparison.Ordinal);
        Assert.InRange(lab.Counters(0).Sent - before, 1_000_000, 1_200_000);
        Assert.InRange(lab.Counters(2).Received, 1_000_000, 1_200_000);
        Assert.InRange(lab.Counters(1).Received, 0, 10_000);
    }

    [SkippableFact]
    public void Nothing_is_left_of_a_lab()
    {
        Prerequisite.Root();
        Prerequisite.Commands("ip", "tc");
        string space;
        using (var lab = new NetworkLab(2, rateMbit: 50))
        {
            space = lab.Namespace(1);
            Assert.True(File.Exists("/run/netns/" + space));
        }

        Assert.False(File.Exists("/run/netns/" + space));
    }
}
