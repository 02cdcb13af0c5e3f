namespace Xget.Content.Store;

/// <summary>A path below a destination's root: a chain of names. Immutable; equal paths have equal names.</summary>
/// <remarks>It holds its own name and its parent only, so a deep tree costs no more than a flat one.</remarks>
public sealed class DestinationPath : IEquatable<DestinationPath>
{
    private readonly int _hash;

    private DestinationPath(DestinationPath? parent, FileName name)
    {
        Parent = parent;
        Name = name;
        Length = parent?.Parent is null ? name.Length : checked(parent.Length + 1 + name.Length);
        _hash = parent is null ? 0 : HashCode.Combine(parent._hash, name);
    }

    /// <summary>The destination's root itself.</summary>
    public static DestinationPath Root { get; } = new(null, default);

    /// <summary>The directory that the path is in; null for the root.</summary>
    public DestinationPath? Parent { get; }

    /// <summary>The last name; empty for the root.</summary>
    public FileName Name { get; }

    /// <summary>Bytes of the names with '/' between them; 0 for the root.</summary>
    public int Length { get; }

    /// <summary>The path of an entry of this directory.</summary>
    /// <exception cref="ArgumentException">The name is the empty one.</exception>
    public DestinationPath Child(FileName name)
        => name.IsEmpty ? throw new ArgumentException("an entry must have a name", nameof(name)) : new(this, name);

    /// <summary>
    /// The path whose names, with '/' between them, are <paramref name="bytes"/>; false if one of them is no name.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out DestinationPath path)
    {
        path = Root;
        if (bytes.IsEmpty)
            return true;
        foreach (Range part in bytes.Split((byte)'/'))
        {
            if (!FileName.TryCreate(bytes[part], out FileName name, out _))
                return false;
            path = path.Child(name);
        }
        return true;
    }

    /// <summary>Writes the names, with '/' between them, to the first <see cref="Length"/> bytes.</summary>
    /// <exception cref="ArgumentException">The bytes are fewer.</exception>
    public void CopyTo(Span<byte> bytes)
    {
        bytes = bytes[..Length];
        for (DestinationPath at = this; at.Parent is { } parent; at = parent)
        {
            at.Name.Bytes.CopyTo(bytes[^at.Name.Length..]);
            bytes = bytes[..^at.Name.Length];
            if (bytes.Length == 0)
                return;
            bytes[^1] = (byte)'/';
            bytes = bytes[..^1];
        }
    }

    /// <inheritdoc/>
    public bool Equals(DestinationPath? other)
    {
        DestinationPath? own = this;
        while (!ReferenceEquals(own, other))
        {
            if (own is null || other is null || own._hash != other._hash || own.Name != other.Name)
                return false;
            (own, other) = (own.Parent, other.Parent);
        }
        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as DestinationPath);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;

    /// <summary>The path as text, with \xNN for what is not printable; only the end of one that is longer than any path may be.</summary>
    public override string ToString()
    {
        const int MaxShown = 4096;
        DestinationPath top = Root;
        for (DestinationPath at = this; Length - at.Length < MaxShown && at.Parent is { } parent; at = parent)
            top = parent;
        byte[] bytes = new byte[Length - top.Length];
        for (DestinationPath at = this; at != top; at = at.Parent!)
        {
            int end = at.Length - top.Length;
            at.Name.Bytes.CopyTo(bytes.AsSpan(end - at.Name.Length));
            if (end > at.Name.Length)
                bytes[end - at.Name.Length - 1] = (byte)'/';
        }
        return (top.Parent is null ? "" : "...") + FileName.Printable(bytes);
    }
}
