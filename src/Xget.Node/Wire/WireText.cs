using System.Globalization;
using System.Text;

namespace Xget.Node.Wire;

/// <summary>
/// Makes text that another process wrote fit for a terminal and for a log: no control character, escape sequence, change of the
/// writing direction or line separator is left in it. Thread-safe.
/// </summary>
public static class WireText
{
    /// <summary>One line; each harmful character is shown as <c>\xNN</c> or <c>\uNNNN</c>.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="most">Characters of the text that are looked at; what follows is left out, and shown as "...".</param>
    public static string OneLine(string text, int most = int.MaxValue)
    {
        string shown = Clean(text.AsSpan(0, Math.Min(text.Length, most)), keepsLines: false, masks: false) ?? text;
        return text.Length <= most ? shown : (ReferenceEquals(shown, text) ? text[..most] : shown) + "...";
    }

    /// <summary>The same for a text of several lines: newlines and tabs stay.</summary>
    public static string Lines(string text) => Clean(text, keepsLines: true, masks: false) ?? text;

    /// <summary>One line in which a dot stands for each harmful character, so that it has the text's length at most.</summary>
    public static string Masked(ReadOnlySpan<char> text) => Clean(text, keepsLines: false, masks: true) ?? text.ToString();

    /// <summary>The clean text; null if it is clean already.</summary>
    private static string? Clean(ReadOnlySpan<char> text, bool keepsLines, bool masks)
    {
        StringBuilder? clean = null;
        for (int i = 0, used; i < text.Length; i += used)
        {
            bool isWhole = Rune.DecodeFromUtf16(text[i..], out Rune rune, out used) == System.Buffers.OperationStatus.Done;
            if (isWhole && (IsHarmless(rune) || (keepsLines && rune.Value is '\n' or '\t')))
            {
                clean?.Append(text.Slice(i, used));
                continue;
            }
            clean ??= new StringBuilder(text.Length + 16).Append(text[..i]);
            if (masks)
                clean.Append('.');
            else
                AppendEscaped(clean, isWhole ? rune.Value : text[i]);
        }
        return clean?.ToString();
    }

    private static void AppendEscaped(StringBuilder text, int value)
    {
        if (value < 0x100)
            text.Append(CultureInfo.InvariantCulture, $"\\x{value:x2}");
        else
            text.Append(CultureInfo.InvariantCulture, $"\\u{value:x4}");
    }

    private static bool IsHarmless(Rune rune)
    {
        if (rune.Value is >= ' ' and < 0x7f)
            return true;
        // The two joiners are needed to write some languages, and move nothing.
        return rune.Value is 0x200c or 0x200d || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control
            or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
    }
}
