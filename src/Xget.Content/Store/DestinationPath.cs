namespace Xget.Content.Store;

/// <summary>A path below a destination's root: a chain of names. Immutable.</summary>
public sealed class DestinationPath
{
    private DestinationPath(DestinationPath? parent, FileName name, byte[] bytes)
    {
        Parent = parent;
        Name = name;
        Bytes = bytes;
    }

    /// <summary>The destination's root itself.</summary>
    public static DestinationPath Root { get; } = new(null, default, []);

    /// <summary>The directory that the path is in; null for the root.</summary>
    public DestinationPath? Parent { get; }

    /// <summary>The last name; empty for the root.</summary>
    public FileName Name { get; }

    /// <summary>The names with '/' between them; empty for the root.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The path of an entry of this directory.</summary>
    /// <exception cref="ArgumentException">The name is the empty one.</exception>
    public DestinationPath Child(FileName name)
    {
        if (name.IsEmpty)
            throw new ArgumentException("an entry must have a name", nameof(name));
        ReadOnlySpan<byte> own = Bytes.Span;
        return new DestinationPath(this, name, Parent is null ? name.Bytes.ToArray() : [.. own, (byte)'/', .. name.Bytes]);
    }

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

    /// <summary>The path as text, with \xNN for what is not printable.</summary>
    public override string ToString() => FileName.Printable(Bytes.Span);
}
