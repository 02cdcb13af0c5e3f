using System.Text;
using Xget.Content;
using Xget.Node.Wire;

namespace Xget.Node.Tests.Wire;

public sealed class PublishReportTests
{
    private static readonly PublishReport Sample = new()
    {
        Number = 7, Root = Digest.Of("root"u8), Files = 5, Bytes = 123,
        Difference = new TreeDifference(1, 2, 3, ["added a\\x0ab", "changed c d"]),
        LeftOut = 2, LeftOutNames = ["x: permission denied"],
    };

    [Fact]
    public void It_is_lines_of_words() => Assert.Equal(
        $"generation 7 {Digest.Of("root"u8)}\nfiles 5\nbytes 123\nchanged 6 1 2 3\nentry added a\\x0ab\nentry changed c d\n" +
        "left-out 2\nmissing x: permission denied\n", Sample.Format());

    [Fact]
    public void It_reads_as_it_was_written_and_lines_that_are_not_known_are_skipped()
    {
        Assert.Equal(Sample.Format(), PublishReport.Parse(Encoding.UTF8.GetBytes("colour blue\n" + Sample.Format()))!.Format());
        PublishReport same = Sample with { Difference = null };
        Assert.Null(PublishReport.Parse(Encoding.UTF8.GetBytes(same.Format()))!.Difference);
        Assert.Equal("why", PublishReport.Parse("failed why\n"u8)!.Failure);
        Assert.Null(PublishReport.Parse("files 5\n"u8));
    }

    [Fact]
    public void A_hostile_text_is_short_printable_lines()
    {
        Assert.Equal("\\x1b[2J", PublishReport.Parse("failed \x1b[2J\n"u8)!.Failure);
        string many = Sample.Format() + string.Concat(Enumerable.Repeat("entry " + new string('x', 4000) + "\n", 100));
        PublishReport read = PublishReport.Parse(Encoding.UTF8.GetBytes(many))!;
        Assert.Equal(TreeDifference.MostNamed, read.Difference!.First.Length);
        Assert.All(read.Difference.First, line => Assert.InRange(line.Length, 1, 510));
    }

    [Fact]
    public void People_get_one_line() => Assert.Equal(
        "generation 7: 5 files, 123 bytes; 6 changed (1 added, 2 removed, 3 in place): added a\\x0ab, changed c d, ...", Sample.Summary);
}
