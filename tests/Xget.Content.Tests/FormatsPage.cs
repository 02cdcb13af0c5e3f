using System.Text.RegularExpressions;

namespace Xget.Content.Tests;

/// <summary>The worked examples of FORMATS.md.</summary>
internal static class FormatsPage
{
    /// <summary>The bytes of the example of that name; each line's offset is checked.</summary>
    public static byte[] Example(string name)
    {
        var block = Regex.Match(Text(), $"^```hex {name}\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline);
        Assert.True(block.Success, $"no example {name}");
        List<byte> bytes = [];
        foreach (var line in block.Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var words = line.Split(';')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(bytes.Count, Convert.ToInt32(words[0], 16));
            bytes.AddRange(words[1..].Select(word => Convert.ToByte(word, 16)));
        }
        return [.. bytes];
    }

    /// <summary>The digest that the page gives after the example of that name.</summary>
    public static string DigestAfter(string name) => Regex.Match(
        Text(), $"^```hex {name}\n.*?^```.*?`([0-9a-f]{{64}})`", RegexOptions.Multiline | RegexOptions.Singleline).Groups[1].Value;

    private static string Text()
    {
        using var page = typeof(FormatsPage).Assembly.GetManifestResourceStream("FORMATS.md")!;
        return new StreamReader(page).ReadToEnd();
    }
}
