using Xget.Content;

namespace Xget.Mount;

/// <summary>What differs between the entries of two generations under one name, of the same type and no directories.</summary>
/// <param name="HasOtherBytes">A file's bytes or a link's target are known to be others.</param>
/// <param name="MayHaveOtherBytes">They are, or only size, times and attributes say that they are not.</param>
/// <param name="IsOtherDevice">It stands for another device.</param>
internal readonly record struct EntryComparison(bool HasOtherBytes, bool MayHaveOtherBytes, bool IsOtherDevice)
{
    internal static EntryComparison Of(DirectoryEntry old, DirectoryEntry now)
    {
        EntryAttributes a = old.Attributes;
        EntryAttributes b = now.Attributes;
        bool isOtherDevice = (a.RdevMajor, a.RdevMinor) != (b.RdevMajor, b.RdevMinor);
        if (a.Type == EntryType.Symlink)
        {
            bool isOther = !a.SymlinkTarget.AsSpan().SequenceEqual(b.SymlinkTarget);
            return new EntryComparison(isOther, isOther, false);
        }
        if (a.Type != EntryType.Regular || old.Data == now.Data)
            return new EntryComparison(false, false, isOtherDevice);
        if (a.Size == b.Size && old.OwnDigest is { } before && before == now.OwnDigest)
            return new EntryComparison(false, false, false);
        // An older master does not tell the digest of a file in a pack: its bytes are read anew, but it is the same file
        // to the kernel as long as nothing else has changed.
        bool looksSame = (old.OwnDigest is null || now.OwnDigest is null) && a == b;
        return new EntryComparison(!looksSame, true, false);
    }
}
