using System.Text.Unicode;
using Xget.Content;

namespace Xget.Cli;

/// <summary>
/// The words of the command line as the caller gave them. The framework makes text of them, in which bytes that are not UTF-8 are
/// replaced, so that a file name becomes another.
/// </summary>
internal static class ArgumentBytes
{
    private const string CommandLine = "/proc/self/cmdline";

    /// <summary>The first word that is not UTF-8, fit to be shown; null if all are.</summary>
    internal static string? NotText(string[] args)
    {
        // The sign of a replacement, which may also have been given as such.
        string? suspect = Array.Find(args, a => a.Contains('\ufffd', StringComparison.Ordinal));
        if (suspect is null)
            return null;
        try
        {
            return NotText(File.ReadAllBytes(CommandLine));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return suspect;
        }
    }

    /// <summary>The same for words that end with NUL each.</summary>
    internal static string? NotText(ReadOnlySpan<byte> words)
    {
        while (words.Length > 0)
        {
            int end = words.IndexOf((byte)0);
            ReadOnlySpan<byte> word = end < 0 ? words : words[..end];
            if (!Utf8.IsValid(word))
                return FileName.Printable(word);
            words = end < 0 ? default : words[(end + 1)..];
        }
        return null;
    }
}
