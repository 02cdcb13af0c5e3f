namespace Xget.Content;

/// <summary>Which values go together in a directory object; shared by what makes one and what reads one.</summary>
internal static class DirectoryRules
{
    public static string? WhyNotSelf(EntryAttributes self) =>
        self.Type != EntryType.Directory ? "a directory's own type is not directory" : WhyNot(self);

    public static string? WhyNot(DirectoryEntry entry) =>
        FileName.WhyNot(entry.Name.Bytes) ?? WhyNot(entry.Attributes) ?? WhyNot(entry.Data, entry.Attributes)
            ?? (entry.StatedOwnDigest is not null && (entry.Type != EntryType.Regular || entry.Data.IsNone)
                ? "an own digest of what has no bytes" : null);

    public static string? WhyNot(EntryAttributes attributes)
    {
        var type = attributes.Type;
        var isDevice = type is EntryType.Character or EntryType.Block;
        return type is < EntryType.Regular or > EntryType.Socket ? $"unknown entry type {(byte)type}"
            : attributes.Mode > EntryAttributes.PermissionMask ? "mode with more than permission bits"
            : attributes.Mtime.Nanoseconds >= Timestamp.NanosecondsPerSecond ? "more nanoseconds than a second has"
            : !isDevice && (attributes.RdevMajor | attributes.RdevMinor) != 0 ? "a device number on what is no device"
            : WhyNotLinks(attributes) ?? WhyNotSize(attributes) ?? WhyNotXattrs(attributes);
    }

    private static string? WhyNotLinks(EntryAttributes attributes) =>
        attributes.LinkCount == 0 ? "link count 0"
        : attributes.LinkIdentity != 0 && (attributes.Type == EntryType.Directory || attributes.LinkCount == 1)
            ? "a link identity on what has one name"
        : attributes.LinkIdentity == 0 && attributes.Type != EntryType.Directory && attributes.LinkCount > 1
            ? "several links without a link identity"
        : null;

    private static string? WhyNotSize(EntryAttributes attributes)
    {
        var target = attributes.SymlinkTarget.AsSpan();
        if (attributes.Type != EntryType.Symlink)
            return target.Length != 0 ? "a target on what is no symlink"
                : attributes.Type != EntryType.Regular && attributes.Size != 0 ? "a size on what has none"
                : attributes.Size > long.MaxValue ? "larger than any file"
                : null;
        return target.Length is 0 or > EntryAttributes.MaxTargetLength ? "symlink target of 0 or more than 4095 bytes"
            : target.Contains((byte)0) ? "symlink target contains NUL"
            : attributes.Size != (ulong)target.Length ? "symlink size is not its target's"
            : null;
    }

    private static string? WhyNotXattrs(EntryAttributes attributes)
    {
        ReadOnlySpan<byte> previous = default;
        foreach (var xattr in attributes.Xattrs)
        {
            if (xattr.Name.Length is 0 or > Xattr.MaxNameLength || xattr.Name.AsSpan().Contains((byte)0))
                return "xattr name empty, too long or with NUL";
            if (previous.SequenceCompareTo(xattr.Name) >= 0)
                return "xattrs not in order";
            if (OwnDigestXattr.Name.SequenceEqual(xattr.Name))
                return "an own digest that is none";
            if (xattr.Value.Length > Xattr.MaxValueLength)
                return "xattr value longer than 64 KiB";
            previous = xattr.Name;
        }
        return attributes.Xattrs.Length >= ushort.MaxValue ? "too many xattrs" : null;
    }

    private static string? WhyNot(DataReference data, EntryAttributes attributes) => attributes.Type switch
    {
        EntryType.Directory => data.Length is 0 or > long.MaxValue || data.Offset > long.MaxValue - data.Length
            ? "a directory without an object" : null,
        EntryType.Regular when attributes.Size > 0 =>
            data.Length != attributes.Size ? "data of another length than the file"
            : data.Offset > long.MaxValue - data.Length ? "data beyond the end of any content"
            : null,
        _ => data != default ? "data on what has none" : null,
    };
}
