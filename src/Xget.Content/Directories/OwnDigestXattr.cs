using System.Collections.Immutable;

namespace Xget.Content;

/// <summary>
/// How a directory object holds the digest of a packed file's own bytes: as an extended attribute of a name that no file
/// system takes, so that readers which do not know it pass it by. See FORMATS.md.
/// </summary>
internal static class OwnDigestXattr
{
    /// <summary>Bytes that an entry with an own digest has more than one without: name, value and their lengths.</summary>
    public const int EncodedLength = 1 + 11 + sizeof(uint) + Digest.Size;

    /// <summary>The attribute's name; no attribute of a source is published under it.</summary>
    public static ReadOnlySpan<byte> Name => "system.xget"u8;

    /// <summary>The attributes without one of that name, as an older mount shows it.</summary>
    public static ImmutableArray<Xattr> Without(ImmutableArray<Xattr> xattrs)
    {
        foreach (var xattr in xattrs)
        {
            if (Name.SequenceEqual(xattr.Name))
                return xattrs.Remove(xattr);
        }
        return xattrs;
    }
}
