using Xget.Lab;

namespace Xget.Interop.Tests;

/// <summary>A few files of sizes around the limits of one message, in nested directories.</summary>
internal static class SmallTree
{
    public const int ImageSize = 3_000_000;

    /// <summary>Makes it in a new directory; its path.</summary>
    public static string Make(Scratch scratch, string name = "tree")
    {
        int seed = 0;
        foreach (int size in (int[])[0, 1, 4095, 4096, 32767, 32768, 32769, 65536, 100_000])
        {
            scratch.RandomFile($"{name}/sizes/of{size}", size, ++seed);
        }

        scratch.RandomFile($"{name}/img", ImageSize, ++seed);
        scratch.RandomFile($"{name}/deep/er/still/bottom", 70_000, ++seed);
        scratch.RandomFile($"{name}/two words", 10, ++seed);
        scratch.RandomFile($"{name}/grün", 20, ++seed);
        scratch.NewDirectory($"{name}/empty");
        Command.Run("sh", "-c",
            """
            cd "$1"; ln -s img link; ln img sizes/hard; chmod 751 deep
            chmod 604 img; chown 12:34 img; touch -d @1234567890 img
            """,
            "sh", scratch[name]);
        return scratch[name];
    }

    /// <summary>Relative paths of the regular files, sorted.</summary>
    public static string[] Files(string root) =>
        [.. Directory.GetFiles(root, "*", SearchOption.AllDirectories)
            .Where(f => new FileInfo(f).LinkTarget is null)
            .Select(f => Path.GetRelativePath(root, f)).Order(StringComparer.Ordinal)];

    /// <summary>Relative paths of the directories, the root as "", sorted.</summary>
    public static string[] Directories(string root) =>
        [.. Directory.GetDirectories(root, "*", SearchOption.AllDirectories)
            .Select(d => Path.GetRelativePath(root, d)).Prepend("").Order(StringComparer.Ordinal)];
}
