using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <content>Symlinks, device nodes and the like, further names of a file.</content>
public sealed partial class Destination
{
    /// <summary>Makes a symlink; nothing is done if the right one is there.</summary>
    public Errno PlaceSymlink(DestinationPath path, EntryAttributes attributes)
    {
        byte[] target = [.. attributes.SymlinkTarget, 0];
        if (attributes.Type != EntryType.Symlink || target.Length == 1)
            return Errno.EINVAL;
        Errno error = OpenParent(path, out SafeFileHandle? parent);
        if (error != 0)
            return error;
        using (parent)
        {
            ReadOnlySpan<byte> final = path.Name.Terminated;
            if (NativeStore.Status(parent!, final, out FileStatus status) == 0
                && status.Type == FilePermissions.S_IFLNK && IsSymlinkTo(parent!, final, target)
                && IsRight(parent!, final, status, attributes) && Keep(parent!, path, status) == 0)
                return 0;
            return Place(path, parent!, (Metadata: _metadata, attributes, target), static (directory, name, from) =>
            {
                Errno failed = NativeStore.MakeSymlink(from.target, directory, name);
                return failed != 0 ? failed : Finish(from.Metadata, directory, name, from.attributes);
            });
        }
    }

    /// <summary>Makes a device, fifo or socket; nothing is done if the right one is there.</summary>
    /// <returns>0; EPERM if the user may not make devices, so that the entry is skipped; EINVAL for other types.</returns>
    public Errno PlaceNode(DestinationPath path, EntryAttributes attributes)
    {
        FilePermissions type = attributes.Type switch
        {
            EntryType.Character => FilePermissions.S_IFCHR,
            EntryType.Block => FilePermissions.S_IFBLK,
            EntryType.Fifo => FilePermissions.S_IFIFO,
            EntryType.Socket => FilePermissions.S_IFSOCK,
            _ => 0,
        };
        if (type == 0)
            return Errno.EINVAL;
        Errno error = OpenParent(path, out SafeFileHandle? parent);
        if (error != 0)
            return error;
        using (parent)
        {
            ReadOnlySpan<byte> final = path.Name.Terminated;
            if (NativeStore.Status(parent!, final, out FileStatus status) == 0 && status.Type == type
                && (status.NodeMajor, status.NodeMinor) == (attributes.RdevMajor, attributes.RdevMinor)
                && IsRight(parent!, final, status, attributes) && Keep(parent!, path, status) == 0)
                return 0;
            return Place(path, parent!, (Metadata: _metadata, attributes, type), static (directory, name, from) =>
            {
                EntryAttributes node = from.attributes;
                Errno failed = NativeStore.MakeNode(
                    directory, name, (uint)from.type | 0x180, node.RdevMajor, node.RdevMinor); // 0600 at first
                return failed != 0 ? failed : Finish(from.Metadata, directory, name, node);
            });
        }
    }

    /// <summary>
    /// Makes <paramref name="path"/> another name of the file at <paramref name="existing"/>, symlink or node too.
    /// </summary>
    /// <returns>0, also if it is one already; ENOENT; EMLINK; EXDEV across file systems; EPERM for a directory.</returns>
    public Errno PlaceHardLink(DestinationPath path, DestinationPath existing)
    {
        Errno error = OpenParent(existing, out SafeFileHandle? source);
        if (error != 0)
            return error;
        using (source)
        {
            error = OpenParent(path, out SafeFileHandle? parent);
            if (error != 0)
                return error;
            using (parent)
            {
                error = NativeStore.Status(source!, existing.Name.Terminated, out FileStatus wanted);
                if (error != 0)
                    return error;
                if (wanted.IsDirectory)
                    return Errno.EPERM;
                if (NativeStore.Status(parent!, path.Name.Terminated, out FileStatus status) == 0 && status.IsSameFile(wanted))
                    return 0;
                return Place(path, parent!, (source: source!, existing.Name), static (directory, name, from) =>
                    NativeStore.MakeLink(from.source, from.Name.Terminated, directory, name));
            }
        }
    }

    /// <summary>
    /// Makes a file of its own with the bytes of one that is in place, where the file system allows no further name for that
    /// one; nothing but its metadata is changed if it has those bytes already.
    /// </summary>
    /// <returns>0; ENOENT or EINVAL if <paramref name="existing"/> is no regular file.</returns>
    public Errno PlaceDuplicate(DestinationPath path, DestinationPath existing, EntryAttributes attributes)
    {
        Errno error = OpenFile(existing, out SafeFileHandle? source, out FileStatus status);
        if (error != 0)
            return error;
        using (source)
        {
            error = OpenParent(path, out SafeFileHandle? parent);
            if (error != 0)
                return error;
            using (parent)
            {
                if (OpenFile(parent!, path.Name, out SafeFileHandle? present, out FileStatus there) == 0)
                {
                    using (present)
                    {
                        if (there.Size == status.Size && there.LinkCount <= attributes.LinkCount
                            && SparseFile.AreEqual(source!, present!, (long)status.Size) && Keep(parent!, path, there) == 0)
                            return _metadata.Apply(present!, attributes);
                    }
                }
                NewFile file = new(_metadata, attributes, Replaced(parent!, path.Name)) { Source = source, Length = status.Size };
                return Place(path, parent!, file, static (directory, name, file) => file.Make(directory, name));
            }
        }
    }

    private static Errno Finish(MetadataWriter metadata, SafeFileHandle directory, ReadOnlySpan<byte> name, EntryAttributes attributes)
    {
        Errno error = metadata.ApplyToNew(directory, name, attributes);
        if (error != 0)
            NativeStore.Unlink(directory, name);
        return error;
    }

    private bool IsRight(SafeFileHandle parent, ReadOnlySpan<byte> name, in FileStatus status, EntryAttributes attributes)
        => status.LinkCount <= attributes.LinkCount && _metadata.Matches(parent, name, status, attributes);

    /// <summary>
    /// <paramref name="target"/> ends with a NUL, which leaves the spare byte that tells a longer one.
    /// </summary>
    private static bool IsSymlinkTo(SafeFileHandle directory, ReadOnlySpan<byte> name, ReadOnlySpan<byte> target)
    {
        using PooledBuffer buffer = new(target.Length);
        return NativeStore.ReadSymlink(directory, name, buffer.Span, out int length) == 0
            && buffer.Span[..length].SequenceEqual(target[..^1]);
    }
}
