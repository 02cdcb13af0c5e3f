namespace Xget.Content;

/// <summary>An extended attribute (xattr(7)). Treat both arrays as read-only; equality is that of the bytes.</summary>
/// <param name="Name">With its namespace, as <c>user.comment</c>: 1 to 255 bytes without NUL.</param>
/// <param name="Value">0 to 65536 bytes.</param>
public sealed record Xattr(byte[] Name, byte[] Value)
{
    /// <summary>The most bytes in a name (XATTR_NAME_MAX).</summary>
    public const int MaxNameLength = 255;

    /// <summary>The most bytes in a value (XATTR_SIZE_MAX).</summary>
    public const int MaxValueLength = 65536;

    /// <summary>Equality of names and values.</summary>
    public bool Equals(Xattr? other) =>
        other is not null && Name.AsSpan().SequenceEqual(other.Name) && Value.AsSpan().SequenceEqual(other.Value);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Name);
        hash.AddBytes(Value);
        return hash.ToHashCode();
    }

    /// <summary>The name and the size of the value.</summary>
    public override string ToString() => $"{FileName.Printable(Name)} ({Value.Length} bytes)";
}
