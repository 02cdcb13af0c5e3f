using System.Text;
using Xget.NineP;
using Xget.Node.Exporting;
using Xget.Testing;

namespace Xget.Node.Tests.Exporting;

/// <summary>The latest records: one text for all readers, each of which holds a position only.</summary>
public sealed class LatestRecordsTests
{
    private readonly ManualTime _time = new();
    private readonly LatestRecords _records;

    public LatestRecordsTests() => _records = new LatestRecords(_time);

    private static string Read(RecordReader reader, int offset = 0, int count = 1 << 20) =>
        Encoding.UTF8.GetString(reader.Read((ulong)offset, count).Data.Span);

    private string Now()
    {
        _time.Advance(LatestRecords.TextAge);
        return Read(new RecordReader(_records));
    }

    [Fact]
    public void The_latest_thousand_are_kept()
    {
        for (int i = 0; i < 1005; i++)
            _records.Add($"{i}");
        string[] lines = Now().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(5, 1000).Select(i => $"{i}"), lines);
    }

    [Fact]
    public void All_who_read_within_a_second_share_one_text()
    {
        _records.Add("first");
        ReadResult one = new RecordReader(_records).Read(0, 100);
        _records.Add("second");
        ReadResult other = new RecordReader(_records).Read(0, 100);
        Assert.Equal(one.Data, other.Data); // the same memory
        Assert.Equal("first\nsecond\n", Now());
        Assert.Equal(_records.Read(), _records.Read());
    }

    [Fact]
    public void A_reader_comes_to_the_end_of_what_was_there_when_it_began()
    {
        _records.Add("one");
        var reader = new RecordReader(_records);
        Assert.Equal("on", Read(reader, 0, 2));
        _records.Add("two");
        _time.Advance(LatestRecords.TextAge);
        Assert.Equal("e\n", Read(reader, 2));
        Assert.Equal("", Read(reader, 4));
        Assert.Equal("one\ntwo\n", Read(reader, 0));
        Assert.Equal("two\n", Read(reader, 4));
    }

    [Fact]
    public void A_slow_reader_goes_on_with_the_oldest_record_that_is_kept()
    {
        for (int i = 0; i < 1000; i++)
            _records.Add($"{i:0000}");
        var reader = new RecordReader(_records);
        Assert.Equal("0000\n", Read(reader, 0, 5));
        for (int i = 1000; i < 1010; i++)
            _records.Add($"{i:0000}");
        _time.Advance(LatestRecords.TextAge);
        Assert.Equal("0010\n0011\n", Read(reader, 5, 10));
        for (int i = 1010; i < 3000; i++)
            _records.Add($"{i:0000}");
        _time.Advance(LatestRecords.TextAge);
        Assert.Equal("", Read(reader, 15));
    }

    [Fact]
    public void Where_nothing_was_logged_there_is_nothing()
    {
        Assert.Equal("", Now());
        Assert.Equal("", Read(new RecordReader(_records), 7));
    }
}
