using Mono.Unix.Native;
using Xget.Content;
using Xget.NineP;

namespace Xget.Node.Exporting;

/// <summary>Published metadata in 9P's form.</summary>
internal static class PublishedAttributes
{
    private const int BlockSize = 4096;

    internal static Attributes Of(EntryAttributes a)
    {
        var mtime = new NineP.Timespec(a.Mtime.Seconds, a.Mtime.Nanoseconds);
        return new Attributes
        {
            Mode = TypeBits(a.Type) | a.Mode, Uid = a.Uid, Gid = a.Gid, NLink = a.LinkCount,
            Rdev = Device(a.RdevMajor, a.RdevMinor), Size = a.Size, BlockSize = BlockSize, Blocks = (a.Size + 511) / 512,
            Atime = mtime, Mtime = mtime, Ctime = mtime,
        };
    }

    internal static QidType QidTypeOf(EntryType type) => type switch
    {
        EntryType.Directory => QidType.Directory,
        EntryType.Symlink => QidType.Symlink,
        _ => QidType.File,
    };

    /// <summary>A version that changes with the bytes; never 0, which would mean "do not cache".</summary>
    internal static uint Version(PublishedNode node) =>
        (uint)(node.Data.Content.GetHashCode() ^ node.Attributes.Mtime.Nanoseconds ^ node.Attributes.Mtime.Seconds) | 1;

    private static uint TypeBits(EntryType type) => (uint)(type switch
    {
        EntryType.Directory => FilePermissions.S_IFDIR,
        EntryType.Symlink => FilePermissions.S_IFLNK,
        EntryType.Character => FilePermissions.S_IFCHR,
        EntryType.Block => FilePermissions.S_IFBLK,
        EntryType.Fifo => FilePermissions.S_IFIFO,
        EntryType.Socket => FilePermissions.S_IFSOCK,
        _ => FilePermissions.S_IFREG,
    });

    /// <summary>Linux's dev_t as glibc puts it together (sys/sysmacros.h).</summary>
    private static ulong Device(uint major, uint minor) =>
        (minor & 0xffu) | ((major & 0xfffu) << 8) | ((ulong)(minor & ~0xffu) << 12) | ((ulong)(major & ~0xfffu) << 32);
}
