using System.Collections.Immutable;

namespace Xget.Content;

/// <summary>Everything about a file, directory or other entry except its name and its bytes.</summary>
/// <remarks>Immutable. Which values go together is checked when a directory object is decoded.</remarks>
public sealed record EntryAttributes
{
    /// <summary>All permission bits: 07777.</summary>
    public const ushort PermissionMask = 0xfff;

    /// <summary>The most bytes in a symlink's target (PATH_MAX less its NUL).</summary>
    public const int MaxTargetLength = 4095;

    /// <summary>What the entry is.</summary>
    public required EntryType Type { get; init; }

    /// <summary>The 12 permission bits (setuid, setgid, sticky, rwx three times).</summary>
    public ushort Mode { get; init; }

    /// <summary>The owner's number.</summary>
    public uint Uid { get; init; }

    /// <summary>The group's number.</summary>
    public uint Gid { get; init; }

    /// <summary>Time of the last modification.</summary>
    public Timestamp Mtime { get; init; }

    /// <summary>A regular file's bytes, a symlink's target's bytes; 0 for all others, directories too.</summary>
    public ulong Size { get; init; }

    /// <summary>A device's major number; 0 for all others.</summary>
    public uint RdevMajor { get; init; }

    /// <summary>A device's minor number; 0 for all others.</summary>
    public uint RdevMinor { get; init; }

    /// <summary>Equal for the names of one file with several; 0 for a file with one name and for directories.</summary>
    public ulong LinkIdentity { get; init; }

    /// <summary>
    /// Names of the file on its source, 1 or more; for a directory 2 and the number of its sub-directories.
    /// </summary>
    public uint LinkCount { get; init; } = 1;

    /// <summary>A symlink's target, 1 to 4095 bytes without NUL; empty for all others. Treat as read-only.</summary>
    public byte[] SymlinkTarget { get; init; } = [];

    /// <summary>Extended attributes, sorted by the bytes of their names, each name once.</summary>
    public ImmutableArray<Xattr> Xattrs { get; init; } = [];

    /// <summary>Equality of all values, element by element.</summary>
    public bool Equals(EntryAttributes? other) =>
        other is not null
        && (Type, Mode, Uid, Gid, Mtime, Size)
            == (other.Type, other.Mode, other.Uid, other.Gid, other.Mtime, other.Size)
        && (RdevMajor, RdevMinor, LinkIdentity, LinkCount)
            == (other.RdevMajor, other.RdevMinor, other.LinkIdentity, other.LinkCount)
        && SymlinkTarget.AsSpan().SequenceEqual(other.SymlinkTarget)
        && Xattrs.AsSpan().SequenceEqual(other.Xattrs.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() =>
        HashCode.Combine(Type, Mode, Uid, Gid, Mtime, Size, LinkIdentity, Xattrs.Length);
}
