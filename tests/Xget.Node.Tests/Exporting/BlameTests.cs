using System.Net;
using Xget.Node.Exporting;

namespace Xget.Node.Tests.Exporting;

/// <summary>Whose word counts against a worker, and for how long: decisions without a network.</summary>
public sealed class BlameTests
{
    private readonly PeerAddress _a = new(1, new IPAddress([10, 0, 0, 1]));
    private readonly PeerAddress _b = new(2, new IPAddress([10, 0, 0, 2]));

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    [Fact]
    public void Two_addresses_within_a_minute_are_believed()
    {
        var blame = new WorkerBlame();
        Assert.Null(blame.Report(_a, At(0)));
        Assert.Equal(_a, blame.Report(_b, At(60)));
    }

    [Fact]
    public void One_address_is_not_however_often_it_reports()
    {
        var blame = new WorkerBlame();
        for (int i = 0; i < 83; i++)
            Assert.Null(blame.Report(_a, At(i / 10.0)));
    }

    [Fact]
    public void Nor_are_two_with_more_than_a_minute_between()
    {
        var blame = new WorkerBlame();
        Assert.Null(blame.Report(_a, At(0)));
        Assert.Null(blame.Report(_b, At(61)));
        Assert.Equal(_b, blame.Report(_a, At(62)));
    }

    [Fact]
    public void The_pause_doubles_from_ten_seconds_to_five_minutes_and_is_forgotten_after_ten()
    {
        var blame = new WorkerBlame();
        blame.Report(_a, At(0));
        Assert.Equal([10, 20, 40, 80, 160, 300, 300], Enumerable.Range(0, 7).Select(_ => blame.NextPause(At(0)).TotalSeconds));
        Assert.Equal(At(300), blame.Until);
        blame.Report(_a, At(601));
        Assert.Equal(10, blame.NextPause(At(601)).TotalSeconds);
    }

    [Fact]
    public void Who_blames_more_than_eight_workers_in_ten_seconds_is_not_heard_for_a_minute_nor_is_what_it_said()
    {
        WorkerBlame[] workers = [.. Enumerable.Range(0, 9).Select(_ => new WorkerBlame())];
        var word = new ReporterWord();
        for (int i = 0; i < 8; i++)
        {
            Assert.True(word.Blames(workers[i], At(i), out _));
            workers[i].Report(_a, At(i));
        }
        Assert.True(word.Blames(workers[7], At(8), out _)); // the same once more
        Assert.False(word.Blames(workers[8], At(9), out IReadOnlyList<WorkerBlame> retracted));
        Assert.Equal(workers.Order(Comparer<WorkerBlame>.Create((_, _) => 0)), retracted.OrderBy(w => Array.IndexOf(workers, w)));
        foreach (WorkerBlame worker in retracted)
            worker.Retract(_a);
        Assert.Null(workers[0].Report(_b, At(10)));
        Assert.False(word.IsHeard(At(68)));
        Assert.True(word.IsHeard(At(69)));
    }

    [Fact]
    public void Eight_workers_at_a_time_are_no_trouble()
    {
        var word = new ReporterWord();
        for (int i = 0; i < 100; i++)
            Assert.True(word.Blames(new WorkerBlame(), At(i * 1.26), out _));
    }
}
