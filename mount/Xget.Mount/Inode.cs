using Mono.Unix.Native;
using Xget.Content;

namespace Xget.Mount;

/// <summary>
/// A node of the mounted tree that the kernel knows or that lies on the way to one. Its bytes never change while it is
/// open: when a new generation has other bytes under its name, the name gets another inode, and who has the old one open
/// keeps it. The fields that change belong to <see cref="InodeTable"/>'s lock.
/// </summary>
internal sealed class Inode(ulong nodeId, ulong ino, Inode? parent, FileName name, EntryAttributes attributes, DataReference data)
{
    /// <summary>What all but directories share: most inodes are no directories.</summary>
    private static readonly Dictionary<FileName, Inode> NoChildren = [];

    /// <summary>What the kernel calls it; never used again for another.</summary>
    internal ulong NodeId => nodeId;

    /// <summary>What stat(2) shows: see <see cref="InodeNumbers"/>.</summary>
    internal ulong Ino { get; set; } = ino;

    /// <summary>The directory it was found in; null for the root.</summary>
    internal Inode? Parent => parent;

    /// <summary>Its name there.</summary>
    internal FileName Name => name;

    internal EntryAttributes Attributes { get; set; } = attributes;

    /// <summary>Where its bytes are, or a directory's object.</summary>
    internal DataReference Data { get; set; } = data;

    /// <summary>A directory's entries, once they were needed.</summary>
    internal DirectoryObject? Directory { get; set; }

    /// <summary>The entries before the last change, for those who had listed some of them.</summary>
    internal DirectoryObject? Former { get; set; }

    /// <summary>Changes of the entries, modulo 2^31: a listing's offsets say which they belong to.</summary>
    internal uint Turn { get; set; }

    /// <summary>The loading of the entries, which all who need them wait for; EAGAIN when others are wanted by now.</summary>
    internal Task<Errno>? Loading { get; set; }

    /// <summary>The inodes of its entries that the kernel has been told of.</summary>
    internal Dictionary<FileName, Inode> Children { get; } = attributes.Type == EntryType.Directory ? [] : NoChildren;

    /// <summary>The further names of a file that has several, as far as the kernel was told of them.</summary>
    internal List<(Inode Directory, FileName Name)>? OtherNames { get; set; }

    /// <summary>How often the kernel was told of it, less what it has forgotten.</summary>
    internal ulong Lookups { get; set; }

    /// <summary>Opens that were begun and not released yet.</summary>
    internal int Opens { get; set; }

    /// <summary>Ends when the kernel has dropped what it kept of the bytes that this had before; an open waits for it.</summary>
    internal Task? Told { get; set; }

    /// <summary>Blocks of 512 bytes that hold data; <see cref="Unknown"/> as long as the chunk table is not known.</summary>
    internal long Blocks { get; set; } = Unknown;

    /// <summary>As <see cref="Blocks"/>.</summary>
    internal const long Unknown = -1;

    internal OpenModeTracker Mode { get; } = new();

    internal bool IsDirectory => Attributes.Type == EntryType.Directory;

    /// <summary>The printable path below the mount point.</summary>
    public override string ToString() => parent is null ? "/" : parent.Parent is null ? $"{name}" : $"{parent}/{name}";
}

/// <summary>A directory's entries, or why there are none.</summary>
internal readonly record struct DirectoryLoad(DirectoryObject? Directory, Errno Error);
