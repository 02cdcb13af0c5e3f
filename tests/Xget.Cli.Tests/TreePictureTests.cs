using System.Text;
using Xget.Node.Wire;

namespace Xget.Cli.Tests;

/// <summary>What <c>xget tree</c> prints, also of what no honest master says.</summary>
public sealed class TreePictureTests
{
    private static string Text(string tree) => TreePicture.Text(TreeReport.Parse(tree));

    [Fact]
    public void Children_stand_below_their_parents() => Assert.Equal(
        """
        img  1.0 kB  abc  3 nodes
          stripe 0: master
            n1 10.0.0.1!1  level 1  1 connection  50 %
              n2 -  level 2  0 connections  10 %
            (gone) 10.0.0.9!9  
              n3 10.0.0.3!1  level 2  0 connections  0 %

        """, Text("""
        content abc 1000 img
        route 0 2 n2 - 10.0.0.1!1 0 100
        route 0 1 n1 10.0.0.1!1 me 1 500
        route 0 2 n3 10.0.0.3!1 10.0.0.9!9 0 0
        """));

    [Fact]
    public void One_that_has_everything_is_said_to_be_complete() => Assert.Equal(
        "b  5 B  abc  2 nodes\n  stripe 0: master\n    n3 10.0.0.4!1  complete\n      n1 -  level 2  0 connections  0 %\n  complete: n3\n",
        Text("content abc 5 b\nroute 0 2 n1 - 10.0.0.4!1 0 0\nroute - - n3 10.0.0.4!1 - 1 5\n"));

    [Fact]
    public void A_chain_of_30000_routes_ends()
    {
        var tree = new StringBuilder("content abc 1000 img\nroute 0 1 n0 h0!1 me 1 0\n");
        for (int i = 1; i < 30_000; i++)
            tree.Append($"route 0 1 n{i} h{i}!1 h{i - 1}!1 1 0\n");
        string text = Text(tree.ToString());
        Assert.InRange(text.Split('\n').Length, TreePicture.MaxDepth, TreePicture.MaxDepth + 5);
        Assert.Contains($"({30_000 - TreePicture.MaxDepth + 1} routes more, deeper than 64 levels", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Circles_end()
    {
        string text = Text("content abc 1000 img\nroute 0 1 a h1!1 h2!1 1 0\nroute 0 1 b h2!1 h1!1 1 0\nroute 0 1 c h3!1 h3!1 1 0\n");
        Assert.Contains("(3 routes more", text, StringComparison.Ordinal);
        // One that can be reached from the master, and comes back to itself.
        text = Text("content abc 1000 img\nroute 0 1 a h1!1 me 1 0\nroute 0 1 b h2!1 h1!1 1 0\nroute 0 1 a h1!1 h2!1 1 0\n");
        Assert.Equal(5, text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public void Many_routes_with_one_address_are_drawn_once_each()
    {
        var tree = new StringBuilder("content abc 1000 img\n");
        for (int i = 0; i < 3000; i++)
            tree.Append("route 0 1 n h!1 me 1 0\nroute 0 1 n h!1 h!1 1 0\n");
        Assert.Equal(6002, Text(tree.ToString()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public void Names_cannot_leave_their_quotes_in_a_graph()
    {
        string dot = TreePicture.Dot(TreeReport.Parse("content abc 5 a\"];x[\"\\\nroute 0 1 n\\ h!1 me 0 5\n"));
        Assert.Contains("label=\"a\\\"];x[\\\"\\\\\";", dot, StringComparison.Ordinal);
        Assert.Contains("\"0/h!1\" [label=\"n\\\\\\n100 %\"];", dot, StringComparison.Ordinal);
    }
}
