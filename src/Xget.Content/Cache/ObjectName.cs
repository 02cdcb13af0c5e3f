namespace Xget.Content.Cache;

/// <summary>The names of a content's two files below <c>objects</c>; each ends with a NUL. Immutable.</summary>
internal sealed class ObjectName
{
    public ObjectName(Digest content)
    {
        Map = new byte[Digest.TextLength + 5];
        content.Format(Map);
        ".map\0"u8.CopyTo(Map.AsSpan(Digest.TextLength));
        Data = [.. Map.AsSpan(0, Digest.TextLength), 0];
        Folder = [Map[0], Map[1], 0];
    }

    /// <summary>The digest's first two digits: the directory of both.</summary>
    public byte[] Folder { get; }

    /// <summary>The digest.</summary>
    public byte[] Data { get; }

    /// <summary>The digest and ".map".</summary>
    public byte[] Map { get; }
}
