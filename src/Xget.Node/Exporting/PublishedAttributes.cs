using System.Buffers.Binary;
using Xget.Content;
using Xget.NineP;

namespace Xget.Node.Exporting;

/// <summary>Published metadata in 9P's form.</summary>
internal static class PublishedAttributes
{
    private const int BlockSize = 4096;

    internal static Attributes Of(EntryAttributes a)
    {
        var mtime = new Timespec(a.Mtime.Seconds, a.Mtime.Nanoseconds);
        return new Attributes
        {
            Mode = a.Type.ModeBits() | a.Mode, Uid = a.Uid, Gid = a.Gid, NLink = a.LinkCount,
            Rdev = Attributes.MakeDevice(a.RdevMajor, a.RdevMinor), Size = a.Size, BlockSize = BlockSize, Blocks = (a.Size + 511) / 512,
            Atime = mtime, Mtime = mtime, Ctime = mtime,
        };
    }

    internal static QidType QidTypeOf(EntryType type) => type switch
    {
        EntryType.Directory => QidType.Directory,
        EntryType.Symlink => QidType.Symlink,
        _ => QidType.File,
    };

    /// <summary>
    /// A version that changes with the bytes, and with nothing else, so that a client's cache outlives a restart of the
    /// master; never 0, which would mean "do not cache".
    /// </summary>
    internal static uint Version(PublishedNode node)
    {
        Span<byte> digest = stackalloc byte[Digest.Size];
        (node.OwnDigest ?? node.Data.Content).CopyTo(digest);
        Timestamp mtime = node.Attributes.Mtime;
        return (BinaryPrimitives.ReadUInt32LittleEndian(digest) ^ mtime.Nanoseconds ^ (uint)mtime.Seconds) | 1;
    }
}
