using Xget.Content;

namespace Xget.Mount;

/// <summary>
/// The inode numbers that stat(2) shows: of the path, or of the identity of a file with several names, and for regular
/// files of their time and size too, so that a program which follows a name sees that another file has come there. The
/// same in every mount of a generation.
/// </summary>
/// <param name="is32Bit">
/// For programs that know no larger numbers; then some files of a large tree share a number. Else the highest four bits
/// are 0, where overlayfs (xino=on) puts a number of its own.
/// </param>
internal sealed class InodeNumbers(bool is32Bit)
{
    private const int FreeBits = 4;
    private const ulong Prime = 0x100000001b3UL; // FNV-1a

    /// <summary>An entry's number; at least 2, as 1 is the root's.</summary>
    internal ulong Of(ulong directory, DirectoryEntry entry)
    {
        EntryAttributes attributes = entry.Attributes;
        ulong hash = attributes.LinkIdentity;
        if (hash == 0)
        {
            hash = 0xcbf29ce484222325UL ^ (directory * 0x9E3779B97F4A7C15UL);
            foreach (byte b in entry.Name.Bytes)
                hash = (hash ^ b) * Prime;
        }
        if (attributes.Type == EntryType.Regular)
        {
            hash = Mixed(hash) ^ (ulong)attributes.Mtime.Seconds;
            hash = Mixed(hash) ^ attributes.Mtime.Nanoseconds;
            hash = Mixed(hash) ^ attributes.Size;
        }
        hash = Mixed(hash);
        hash = is32Bit ? (uint)(hash ^ (hash >> 32)) : hash >> FreeBits;
        return hash <= 1 ? hash + 2 : hash;
    }

    private static ulong Mixed(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdUL;
        return hash ^ (hash >> 33);
    }
}
