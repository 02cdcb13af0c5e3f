using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Xget.Content;

/// <summary>One component of a path: 1 to 255 bytes of any value but '/' and NUL, and neither "." nor "..".</summary>
/// <remarks>An immutable value, compared by bytes. <c>default</c> is the empty name, which only a root has.</remarks>
public readonly struct FileName : IEquatable<FileName>, IComparable<FileName>
{
    /// <summary>The most bytes in a name (Linux's NAME_MAX).</summary>
    public const int MaxLength = 255;

    private readonly byte[]? _terminated;

    private FileName(byte[] terminated) => _terminated = terminated;

    /// <summary>The bytes of the name.</summary>
    public ReadOnlySpan<byte> Bytes => _terminated is null ? default : _terminated.AsSpan(0, _terminated.Length - 1);

    /// <summary>The bytes of the name followed by a NUL, as system calls want them.</summary>
    public ReadOnlySpan<byte> Terminated => _terminated ?? "\0"u8;

    /// <summary>Bytes in the name.</summary>
    public int Length => _terminated is null ? 0 : _terminated.Length - 1;

    /// <summary>True for the nameless root.</summary>
    public bool IsEmpty => _terminated is null;

    /// <summary>Takes a copy of <paramref name="bytes"/>, or says why they are no name.</summary>
    public static bool TryCreate(ReadOnlySpan<byte> bytes, out FileName name, [NotNullWhen(false)] out string? reason)
    {
        name = default;
        reason = WhyNot(bytes);
        if (reason is not null)
            return false;
        var terminated = new byte[bytes.Length + 1];
        bytes.CopyTo(terminated);
        name = new FileName(terminated);
        return true;
    }

    /// <summary>Takes a copy of <paramref name="bytes"/>.</summary>
    /// <exception cref="ArgumentException">The bytes are no name.</exception>
    public static FileName Of(ReadOnlySpan<byte> bytes) =>
        TryCreate(bytes, out var name, out var reason) ? name : throw new ArgumentException(reason, nameof(bytes));

    /// <summary>The name of which <paramref name="text"/> is the UTF-8 reading.</summary>
    /// <exception cref="ArgumentException">The text is no name.</exception>
    public static FileName Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    /// <summary>Why <paramref name="bytes"/> cannot be a name, or null if they can.</summary>
    public static string? WhyNot(ReadOnlySpan<byte> bytes) =>
        bytes.Length == 0 ? "empty name"
        : bytes.Length > MaxLength ? "name longer than 255 bytes"
        : bytes.SequenceEqual("."u8) || bytes.SequenceEqual(".."u8) ? "name is . or .."
        : bytes.ContainsAny((byte)'/', (byte)0) ? "name contains '/' or NUL"
        : null;

    /// <summary>The name as UTF-8 text, with \xNN for each byte that is not part of a printable character.</summary>
    public override string ToString() => Printable(Bytes);

    /// <summary>Any bytes as UTF-8 text, with \xNN for each byte that is not part of a printable character.</summary>
    public static string Printable(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        while (bytes.Length > 0)
        {
            var status = Rune.DecodeFromUtf8(bytes, out var rune, out var used);
            if (status == OperationStatus.Done && IsPrintable(rune))
                text.Append(rune.ToString());
            else
                foreach (var value in bytes[..used])
                    text.Append("\\x").Append(value.ToString("x2", null));
            bytes = bytes[used..];
        }
        return text.ToString();
    }

    /// <summary>The same for a line that has such escapes already: its backslashes stay as they are.</summary>
    public static string PrintableLine(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        while (bytes.IndexOf((byte)'\\') is var slash and >= 0)
        {
            text.Append(Printable(bytes[..slash])).Append('\\');
            bytes = bytes[(slash + 1)..];
        }
        return text.Append(Printable(bytes)).ToString();
    }

    /// <inheritdoc/>
    public bool Equals(FileName other) => Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is FileName other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    /// <summary>Orders by bytes; a name that another begins with comes first.</summary>
    public int CompareTo(FileName other) => Bytes.SequenceCompareTo(other.Bytes);

    /// <summary>Equality of all bytes.</summary>
    public static bool operator ==(FileName left, FileName right) => left.Equals(right);

    /// <summary>Difference in any byte.</summary>
    public static bool operator !=(FileName left, FileName right) => !left.Equals(right);

    /// <summary>Order by bytes.</summary>
    public static bool operator <(FileName left, FileName right) => left.CompareTo(right) < 0;

    /// <summary>Order by bytes.</summary>
    public static bool operator >(FileName left, FileName right) => left.CompareTo(right) > 0;

    /// <summary>Order by bytes.</summary>
    public static bool operator <=(FileName left, FileName right) => left.CompareTo(right) <= 0;

    /// <summary>Order by bytes.</summary>
    public static bool operator >=(FileName left, FileName right) => left.CompareTo(right) >= 0;

    // A backslash is escaped too, so that no two names look alike.
    private static bool IsPrintable(Rune rune) => rune.Value != '\\' && Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.PrivateUse or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
