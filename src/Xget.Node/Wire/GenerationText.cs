using System.Globalization;
using System.Text;
using Xget.Content;

namespace Xget.Node.Wire;

/// <summary>What <c>/.xget/generation</c> says: which state of the tree is published.</summary>
/// <param name="Number">Counts up with each publishing of one master process.</param>
/// <param name="Root">Digest of the root directory object.</param>
/// <param name="RootSize">Size of the root directory object in bytes.</param>
/// <param name="Published">Time of publishing, UTC.</param>
/// <param name="Files">Names of regular files.</param>
/// <param name="Bytes">Bytes in regular files; hard-linked ones count once.</param>
/// <param name="LeftOut">Entries of the source that are not in the tree.</param>
public sealed record GenerationText(
    ulong Number, Digest Root, ulong RootSize, DateTimeOffset Published, long Files, ulong Bytes, ulong LeftOut = 0)
{
    /// <summary>The file's text.</summary>
    public string Format() => string.Create(CultureInfo.InvariantCulture,
        $"generation {Number}\nroot {Root} {RootSize}\npublished {Published.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffffffZ}\n" +
        $"files {Files}\nbytes {Bytes}\n{(LeftOut > 0 ? $"left-out {LeftOut}\n" : "")}");

    /// <summary>Reads the file; lines it does not know are skipped, so that later versions may add some.</summary>
    public static bool TryParse(string text, out GenerationText? generation)
    {
        generation = null;
        ulong? number = null;
        (Digest Root, ulong Size)? root = null;
        DateTimeOffset published = default;
        (ulong Files, ulong Bytes, ulong LeftOut) sizes = default;
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = line.Split(' ');
            switch (words[0])
            {
                case "generation" when words.Length >= 2 && TryNumber(words[1], out ulong n):
                    number = n;
                    break;
                case "root" when words.Length >= 3 && Digest.TryParse(Encoding.ASCII.GetBytes(words[1]), out Digest d)
                                 && TryNumber(words[2], out ulong size):
                    root = (d, size);
                    break;
                case "published" when words.Length >= 2:
                    if (!DateTimeOffset.TryParse(words[1], CultureInfo.InvariantCulture, out published))
                        return false;
                    break;
                case "files" when words.Length >= 2:
                    TryNumber(words[1], out sizes.Files);
                    break;
                case "bytes" when words.Length >= 2:
                    TryNumber(words[1], out sizes.Bytes);
                    break;
                case "left-out" when words.Length >= 2:
                    TryNumber(words[1], out sizes.LeftOut);
                    break;
                default:
                    break;
            }
        }
        if (number is null || root is null)
            return false;
        generation = new GenerationText(number.Value, root.Value.Root, root.Value.Size, published, (long)Math.Min(sizes.Files, long.MaxValue), sizes.Bytes, sizes.LeftOut);
        return true;
    }

    private static bool TryNumber(string word, out ulong value) =>
        ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
