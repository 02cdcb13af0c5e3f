using FsCheck;
using FsCheck.Fluent;
using Xget.Node.Wire;

namespace Xget.Node.Tests.Wire;

public class TreeReportTests
{
    [Fact]
    public void Routes_belong_to_the_content_above_them()
    {
        IReadOnlyList<TreeReport> reports = TreeReport.Parse(
            "content abc 1000 a file with blanks\n" +
            "route 0 1 node1 10.0.0.2!40001 me 1 512\n" +
            "route 0 2 node2 - 10.0.0.2!40001 0 0\n" +
            "content 7 5 b\n" +
            "route - - node3 10.0.0.4!40001 - 0 5\n");
        Assert.Equal(2, reports.Count);
        Assert.Equal(("abc", 1000UL, "a file with blanks"), (reports[0].Key, reports[0].Size, reports[0].Name));
        Assert.Equal(
            [
                new TreeReport.Route(0, 1, "node1", "10.0.0.2!40001", "me", 1, 512),
                new TreeReport.Route(0, 2, "node2", null, "10.0.0.2!40001", 0, 0),
            ],
            reports[0].Routes);
        Assert.Equal([new TreeReport.Route(null, null, "node3", "10.0.0.4!40001", null, 0, 5)], reports[1].Routes);
    }

    [Fact]
    public void Lines_that_are_not_known_or_short_are_skipped() =>
        Assert.Empty(TreeReport.Parse("route 0 1 node1 - me 0 0\ncontent abc x name\ncontent abc 1\n\nhello world\n"));

    [Fact]
    public void Every_text_is_read() =>
        Prop.ForAll<string>(text => TreeReport.Parse(text ?? "").Count >= 0).QuickCheckThrowOnFailure();
}
