using System.Text;

namespace Xget.Routing.Tests;

/// <summary>The picture in ROUTING.md is what the code does.</summary>
public sealed class PictureTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void The_pictures_of_ROUTING_md_are_the_trees_of_12_nodes_that_come_one_after_the_other(int stripes)
    {
        Cluster cluster = new(stripes);
        for (int id = 1; id <= 12; id++)
        {
            cluster.Worker(id);
        }

        using StreamReader page = new(typeof(PictureTests).Assembly.GetManifestResourceStream("ROUTING.md")!);
        string text = page.ReadToEnd();
        for (int stripe = 0; stripe < stripes; stripe++)
        {
            StringBuilder picture = new();
            Draw(picture, cluster.Tree.Snapshot().Where(e => e.Stripe == stripe).ToLookup(e => e.Parent?.Id ?? 0), 0, "    ");
            Assert.Contains($"    master\n{picture}", text, StringComparison.Ordinal);
        }
    }

    private static void Draw(StringBuilder picture, ILookup<int, TreeEntry> children, int parent, string indent)
    {
        TreeEntry[] below = children[parent].ToArray();
        for (int i = 0; i < below.Length; i++)
        {
            bool isLast = i == below.Length - 1;
            picture.Append(indent).Append(isLast ? "`-- " : "|-- ").Append(below[i].Node.Id).Append('\n');
            Draw(picture, children, below[i].Node.Id, indent + (isLast ? "    " : "|   "));
        }
    }
}
