using System.Text;
using Xget.Content.Store;

namespace Xget.Content.Tests.Store;

public sealed class OwnNamesTests
{
    private static (string Partial, string Temporary) Of(params string[] tree)
    {
        var names = new OwnNames();
        foreach (string path in tree)
            names.Note(Scratch.At(path));
        return (names.PartialName.ToString(), Encoding.UTF8.GetString(names.TemporaryPrefix));
    }

    [Fact]
    public void They_are_the_usual_ones_for_a_tree_without_them()
        => Assert.Equal((".xget-partial", ".xget-tmp-t"), Of("a", "sub/.xget-partial", ".xget-partially/x", ".xget", ".xget-tmp"));

    [Fact]
    public void The_first_that_the_tree_has_not_is_taken()
    {
        Assert.Equal((".xget-partial-1", ".xget-tmp-t"), Of(".xget-partial"));
        Assert.Equal((".xget-partial-2", ".xget-tmp-t"), Of(".xget-partial-1", ".xget-partial", ".xget-partial-3"));
        Assert.Equal((".xget-partial", ".xget-tmp-1-t"), Of("deep/er/.xget-tmp-t17-4"));
        Assert.Equal((".xget-partial", ".xget-tmp-2-t"), Of(".xget-tmp-1-t", "a/.xget-tmp-t"));
    }
}
