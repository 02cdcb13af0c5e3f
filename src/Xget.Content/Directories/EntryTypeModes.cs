using Mono.Unix.Native;

namespace Xget.Content;

/// <summary>Entry types as stat(2) shows them.</summary>
public static class EntryTypeModes
{
    /// <summary>The file type bits of st_mode (inode(7)).</summary>
    public static uint ModeBits(this EntryType type) => (uint)(type switch
    {
        EntryType.Directory => FilePermissions.S_IFDIR,
        EntryType.Symlink => FilePermissions.S_IFLNK,
        EntryType.Character => FilePermissions.S_IFCHR,
        EntryType.Block => FilePermissions.S_IFBLK,
        EntryType.Fifo => FilePermissions.S_IFIFO,
        EntryType.Socket => FilePermissions.S_IFSOCK,
        _ => FilePermissions.S_IFREG,
    });
}
