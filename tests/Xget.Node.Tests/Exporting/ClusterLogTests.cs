using System.Net;
using System.Text;
using Xget.Node.Exporting;
using Xget.Testing;

namespace Xget.Node.Tests.Exporting;

/// <summary>What one node can do to the master's log.</summary>
public sealed class ClusterLogTests
{
    private static readonly IPEndPoint Flooder = new(IPAddress.Parse("::ffff:10.0.0.7"), 1234);

    private readonly ManualTime _time = new();
    private readonly RecordingLog _log = new();
    private readonly ClusterLog _cluster;

    public ClusterLogTests() => _cluster = new ClusterLog(_log.Logger, _time);

    private void Add(IPEndPoint from, string record) => _cluster.Add(from, "node7", Encoding.UTF8.GetBytes(record));

    [Fact]
    public void Records_beyond_the_rate_are_dropped_and_their_number_is_told_once_a_second()
    {
        for (int i = 0; i < 200 + 3412; i++)
            Add(Flooder, $"INF {i}");
        Assert.Equal(200, _log.Records.Count);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("Warning : 10.0.0.7: 3,412 records dropped, since it writes more than 20 a second", _log.Records.Last());
        Assert.Equal(201, _log.Records.Count);
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(201, _log.Records.Count);
        Add(Flooder, "INF well again");
        Assert.Equal("Information node7: well again", _log.Records.Last());
    }

    [Fact]
    public void Another_node_is_heard_meanwhile_and_the_connections_of_one_address_are_one()
    {
        for (int i = 0; i < 1000; i++)
            Add(new IPEndPoint(IPAddress.Parse("10.0.0.7"), 1000 + i), "flood");
        Add(new IPEndPoint(IPAddress.Parse("10.0.0.8"), 1), "ERR disk full");
        Assert.Equal(201, _log.Records.Count);
        Assert.Equal("Error node7: disk full", _log.Records.Last());
    }

    [Fact]
    public void What_many_addresses_have_lost_is_told_in_a_few_lines()
    {
        for (int i = 0; i < 100; i++)
        {
            for (int n = 0; n < 300; n++)
                Add(new IPEndPoint(new IPAddress([10, 0, 1, (byte)i]), 1), "flood");
        }
        int before = _log.Records.Count;
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(before + 21, _log.Records.Count);
        Assert.Contains("80 other addresses", _log.Records.Last(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\u001b]0;x\u0007b")]
    [InlineData("a\u009b31mb")]
    [InlineData("a\u202eb\u2066c\u2069d\u200ee\u200ff\ufeffg\u061ch")]
    [InlineData("a\u2028b\u2029c\u0085d\u007fe")]
    public void No_record_moves_the_cursor_turns_the_writing_or_ends_a_line(string record)
    {
        Add(Flooder, record);
        string text = _log.Records.Last()["Information node7: ".Length..];
        Assert.Equal(record.Length, text.Length);
        Assert.All(text, c => Assert.InRange(c, ' ', '~'));
    }

    [Fact]
    public void A_long_record_is_cut_to_1024_characters()
    {
        Add(Flooder, new string('ü', 300_000));
        Assert.Equal("Information node7: ".Length + 1024, _log.Records.Last().Length);
    }
}
