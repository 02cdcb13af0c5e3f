using System.Text;
using Xget.Content.Store;

namespace Xget.Content.Tests.Store;

public sealed class DestinationPathTests
{
    private static DestinationPath Deep(int levels, string name)
    {
        DestinationPath path = DestinationPath.Root;
        for (int i = 0; i < levels; i++)
            path = path.Child(FileName.Of(name));
        return path;
    }

    [Fact]
    public void Paths_of_the_same_names_are_equal()
    {
        Assert.Equal(Scratch.At("a/b"), Scratch.At("a/b"));
        Assert.Equal(Scratch.At("a/b").GetHashCode(), Scratch.At("a/b").GetHashCode());
        Assert.NotEqual(Scratch.At("a/b"), Scratch.At("a/c"));
        Assert.NotEqual(Scratch.At("a/b"), Scratch.At("x/b"));
        Assert.NotEqual(Scratch.At("a/b"), Scratch.At("b"));
        Assert.NotEqual(DestinationPath.Root, Scratch.At("b"));
        Assert.Equal(Deep(100_000, "n"), Deep(100_000, "n"));
    }

    [Fact]
    public void Its_bytes_are_the_names_with_slashes_between_them()
    {
        byte[] bytes = new byte[6];
        Scratch.At("ab/cde").CopyTo(bytes);
        Assert.Equal("ab/cde", Encoding.UTF8.GetString(bytes));
        Assert.Equal(0, DestinationPath.Root.Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => Scratch.At("ab/cde").CopyTo(new byte[5]));
    }

    [Fact]
    public void Of_a_path_longer_than_any_may_be_the_end_is_shown()
    {
        string shown = Deep(10_000, "name").ToString();
        Assert.StartsWith(".../name/name", shown, StringComparison.Ordinal);
        Assert.InRange(shown.Length, 4096, 4110);
        Assert.Equal("a/b", Scratch.At("a/b").ToString());
        Assert.Equal("", DestinationPath.Root.ToString());
    }
}
