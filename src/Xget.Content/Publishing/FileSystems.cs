using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Xget.Content.Linux;

namespace Xget.Content;

/// <summary>The file systems that an exported tree consists of, by their device numbers.</summary>
/// <remarks>
/// A device number changes over a remount or a reboot (btrfs, NFS, device mapper), the place in the tree where the file
/// system is mounted does not, so the digest index knows files by that place. Not thread-safe.
/// </remarks>
internal sealed class FileSystems
{
    private readonly Dictionary<ulong, Known> _known = [];

    /// <summary>Notes the file system of an open directory, or of a file that has another one than its directory.</summary>
    /// <returns>The type if it is a virtual file system, else null.</returns>
    public string? Enter(SafeFileHandle file, ulong device, PublishedNode node)
    {
        if (!_known.TryGetValue(device, out var known))
        {
            FileCalls.FileSystemType(file, out var type);    // one that does not tell is not virtual
            known = new Known(PlaceOf(node), VirtualFileSystems.NameOf(type));
            _known.Add(device, known);
        }
        return known.Virtual;
    }

    /// <summary>Whether a file system was met before, and if so its type if it is a virtual one.</summary>
    public bool Knows(ulong device, out string? type)
    {
        var isKnown = _known.TryGetValue(device, out var known);
        type = known?.Virtual;
        return isKnown;
    }

    /// <summary>
    /// The identity in which the device number is the file system's place, where its time stamps are fine enough to tell
    /// files of two file systems apart; the identity itself elsewhere.
    /// </summary>
    public FileIdentity Lasting(in FileIdentity identity) =>
        identity.HasFineTimes && _known.TryGetValue(identity.Device, out var known)
            ? identity with { Device = known.Place }
            : identity;

    // Of a file's file system, as an overlay has them: by its directory's, so that no single file matters.
    private static ulong PlaceOf(PublishedNode node)
    {
        var isFile = node.Type != EntryType.Directory;
        var directory = isFile ? node.Parent! : node;
        if (directory.Parent is null && !isFile)
            return 0;
        Span<byte> digest = stackalloc byte[Digest.Size];
        Digest.Of(Encoding.UTF8.GetBytes(isFile ? $"{directory}/" : directory.ToString())).CopyTo(digest);
        return BinaryPrimitives.ReadUInt64LittleEndian(digest);
    }

    private sealed class Known(ulong place, string? type)
    {
        public ulong Place => place;

        /// <summary>The type of a virtual file system, else null.</summary>
        public string? Virtual => type;
    }
}
