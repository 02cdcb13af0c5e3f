using Xget.Content.Store;

namespace Xget.Content.Tests.Store;

public sealed class LookalikesTests
{
    private static string[] Of(params string[] names)
    {
        var lookalikes = new Lookalikes();
        DirectoryEntry[] entries = [.. names.Select(n => new DirectoryEntry { Name = FileName.Of(n), Attributes = Scratch.File() })];
        lookalikes.Add(Scratch.At("d"), entries);
        return [.. names.Where(n => lookalikes.Contains(Scratch.At("d/" + n)))];
    }

    [Theory]
    [InlineData("README", "readme")]
    [InlineData("a.txt", "A.TXT")]
    [InlineData("name", "name.")]
    [InlineData("name", "name ")]
    [InlineData("\u00c4", "\u00e4")]
    public void Names_that_a_file_system_may_take_for_one(string one, string other)
        => Assert.Equal([one, other], Of("before", one, "other", other));

    [Fact]
    public void All_of_several_are_among_them() => Assert.Equal(["AA", "Aa", "aa"], Of("AA", "Aa", "aa", "ab"));

    [Fact]
    public void Other_names_are_not() => Assert.Empty(Of("a", "b", "a.b", "a b", "A1", "A2", "-a"));
}
