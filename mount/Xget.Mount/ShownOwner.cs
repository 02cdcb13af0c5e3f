using Xget.Content;

namespace Xget.Mount;

/// <summary>
/// Owner and permissions that a mount shows in place of the master's, as the options uid=, gid= and umask= of other FUSE file
/// systems; null shows the master's. Where the owner is another, nothing is set-user-id or set-group-id.
/// </summary>
internal readonly record struct ShownOwner(uint? Uid, uint? Gid, uint? Umask)
{
    private const uint Permissions = 0x1ff; // 0777
    private const uint SetIds = 0xc00; // 06000

    internal uint UidOf(EntryAttributes a) => Uid ?? a.Uid;

    internal uint GidOf(EntryAttributes a) => Gid ?? a.Gid;

    /// <summary>st_mode.</summary>
    internal uint ModeOf(EntryAttributes a)
    {
        uint mode = Umask is { } umask ? a.Mode & ~Permissions | Permissions & ~umask : a.Mode;
        return (Uid ?? Gid) is null ? mode | a.Type.ModeBits() : mode & ~SetIds | a.Type.ModeBits();
    }
}
