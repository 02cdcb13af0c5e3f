namespace Xget.Cli;

/// <summary>The names on which it depends what a path stands for.</summary>
internal static class LinkChain
{
    private const int MostLinks = 40;

    /// <summary>
    /// The path of each symbolic link on the way, and last the path without links of what the path stands for in the end.
    /// </summary>
    /// <param name="path">An absolute path.</param>
    /// <param name="readLink">The target of a symbolic link; null for all else.</param>
    internal static List<string> Of(string path, Func<string, string?> readLink)
    {
        List<string> chain = [];
        var rest = new Stack<string>();
        string directory = "/";
        string? name = null;
        Push(path);
        while (rest.TryPop(out string? part))
        {
            if (part == "..")
            {
                directory = Path.GetDirectoryName(name is null ? directory : Path.Combine(directory, name)) ?? "/";
                name = null;
                continue;
            }
            if (name is not null)
                directory = Path.Combine(directory, name);
            name = null;
            if (readLink(Path.Combine(directory, part)) is { } target && chain.Count < MostLinks)
            {
                chain.Add(Path.Combine(directory, part));
                if (Path.IsPathRooted(target))
                    directory = "/";
                Push(target);
            }
            else
            {
                name = part;
            }
        }
        chain.Add(name is not null ? Path.Combine(directory, name) : directory);
        return chain;

        void Push(string parts)
        {
            string[] split = parts.Split('/', StringSplitOptions.RemoveEmptyEntries);
            for (int i = split.Length - 1; i >= 0; i--)
            {
                if (split[i] != ".")
                    rest.Push(split[i]);
            }
        }
    }
}
