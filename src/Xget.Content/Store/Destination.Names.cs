using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Content.Store;

/// <content>How an entry gets its name, and what may be replaced by that.</content>
public sealed partial class Destination
{
    private delegate Errno Maker<in T>(SafeFileHandle directory, ReadOnlySpan<byte> name, T from)
        where T : allows ref struct;

    /// <summary>
    /// The entry of this copy that stands where <paramref name="path"/> would be, since the destination takes the two names
    /// for one: it ignores case, for example. Null if there is none.
    /// </summary>
    public DestinationPath? NamesakeOf(DestinationPath path)
    {
        if (OpenParent(path, out SafeFileHandle? parent) != 0)
            return null;
        using (parent)
        {
            if (NativeStore.Status(parent!, path.Name.Terminated, out FileStatus there) != 0 || !IsTaken(parent!, path, there))
                return null;
            if (_written.Of(there) is { } other && !other.Equals(path))
                return other;
            string folded = Lookalikes.Fold(path.Name);
            foreach (FileName name in Listed(parent!))
            {
                if (Lookalikes.Fold(name) == folded)
                    return path.Parent!.Child(name);
            }
            return null;
        }
    }

    /// <summary>True if the directory that an entry is in lies on the same file system as the destination's root.</summary>
    public bool IsOnRootFileSystem(DestinationPath path)
    {
        if (OpenParent(path, out SafeFileHandle? parent) != 0)
            return false;
        using (parent)
        {
            return NativeStore.Status(parent!, out FileStatus own) == 0 && NativeStore.Status(_root.Handle, out FileStatus root) == 0
                && (own.DeviceMajor, own.DeviceMinor) == (root.DeviceMajor, root.DeviceMinor);
        }
    }

    /// <summary>Whether anything can be written: 0, or what the disk said to a new file of one block.</summary>
    public Errno Probe()
    {
        Errno error = _partialDirectory.Open(out SafeFileHandle? stage);
        if (error != 0)
            return error;
        byte[] name = _partialDirectory.TemporaryName();
        EntryAttributes attributes = new() { Type = EntryType.Regular, Mode = 0x180, Uid = NativeStore.EffectiveUser };
        byte[] block = new byte[SparseFile.Block];
        block.AsSpan().Fill(1);
        error = new NewFile(_metadata, attributes, null) { Bytes = block }.Make(stage!, name);
        return error != 0 ? error : NativeStore.Unlink(stage!, name);
    }

    /// <summary>Makes something under a temporary name and renames it to <paramref name="path"/>.</summary>
    /// <remarks>
    /// The temporary name is in .xget-partial, or beside the final one where that is in another file system. The maker
    /// leaves nothing behind when it fails.
    /// </remarks>
    private Errno Place<T>(DestinationPath path, SafeFileHandle parent, T from, Maker<T> make)
        where T : allows ref struct
    {
        Errno error = _partialDirectory.Open(out SafeFileHandle? stage);
        if (error != 0)
            return error;
        while (true)
        {
            byte[] name = stage == parent
                ? _partialDirectory.TemporaryName(_temporaryPrefix) : _partialDirectory.TemporaryName();
            error = make(stage!, name, from);
            if (error == Errno.EEXIST)
                continue;
            if (error == Errno.ENOENT && stage != parent && _partialDirectory.ForgetIfRemoved())
            {
                error = _partialDirectory.Open(out stage);
                if (error != 0)
                    return error;
                continue;
            }
            if (error == 0)
            {
                error = NativeStore.Status(stage!, name, out FileStatus own);
                if (error == 0)
                    error = Rename(stage!, name, parent, path, own);
                if (error != 0)
                    NativeStore.Unlink(stage!, name);
            }
            if (error != Errno.EXDEV || stage == parent)
                return error;
            stage = parent;
        }
    }

    /// <summary>
    /// Renames over whatever is there, an empty directory too, but never over what this copy itself has written under
    /// another name.
    /// </summary>
    /// <returns>0; EISDIR if a directory has entries; ENOTUNIQ: see <see cref="NamesakeOf"/>.</returns>
    private Errno Rename(SafeFileHandle from, ReadOnlySpan<byte> name, SafeFileHandle parent, DestinationPath path, in FileStatus own)
    {
        // Known before it can be seen by another thread; a further name of a file does not make the first one another's.
        bool isFirst = own.LinkCount == 1;
        if (isFirst)
            _written.Set(own, path);
        Errno error = _canRenameNew ? NativeStore.RenameNew(from, name, parent, path.Name.Terminated) : Errno.EEXIST;
        if (error is Errno.EINVAL or Errno.ENOSYS)
        {
            _canRenameNew = false;
            error = Errno.EEXIST;
        }
        if (error == Errno.EEXIST)
            error = Replace(from, name, parent, path);
        if (error != 0 && isFirst)
            _written.Remove(own);
        return error;
    }

    private Errno Replace(SafeFileHandle from, ReadOnlySpan<byte> name, SafeFileHandle parent, DestinationPath path)
    {
        ReadOnlySpan<byte> finalName = path.Name.Terminated;
        // Two names that the file system takes for one must not both find the same old file there.
        lock (_replacing)
        {
            if (NativeStore.Status(parent, finalName, out FileStatus there) == 0 && IsTaken(parent, path, there))
                return Errno.ENOTUNIQ;
            Errno error = NativeStore.Rename(from, name, parent, finalName);
            if (error != Errno.EISDIR || NativeStore.RemoveDirectory(parent, finalName) != 0)
                return error;
            return NativeStore.Rename(from, name, parent, finalName);
        }
    }

    /// <summary>Notes that what is there already stays under that path; ENOTUNIQ if this copy has it under another.</summary>
    private Errno Keep(SafeFileHandle parent, DestinationPath path, in FileStatus there)
    {
        if (IsUnlistedLookalike(parent, path))
            return Errno.ENOTUNIQ;
        DestinationPath other = _written.Add(there, path);
        if (other.Equals(path))
            return 0;
        if (Stands(other, there))
            return Errno.ENOTUNIQ;
        _written.Set(there, path);
        return 0;
    }

    /// <summary>Whether this copy put there, under another name, what is found under <paramref name="path"/>.</summary>
    private bool IsTaken(SafeFileHandle parent, DestinationPath path, in FileStatus there)
    {
        if (_written.Of(there) is not { } other || other.Equals(path) || !Stands(other, there))
            return IsUnlistedLookalike(parent, path);
        // A hard link that an earlier copy left is an entry of its own, and listed as such.
        return there.IsDirectory || there.LinkCount == 1 || !Listed(parent).Contains(path.Name);
    }

    /// <summary>
    /// Whether what is found under that path has another name. Some FUSE file systems give each spelling of one name an inode
    /// number of its own, so that the number does not tell.
    /// </summary>
    private bool IsUnlistedLookalike(SafeFileHandle parent, DestinationPath path) =>
        _lookalikes.Contains(path) && !Listed(parent).Contains(path.Name);

    private bool Stands(DestinationPath path, in FileStatus file)
    {
        if (OpenParent(path, out SafeFileHandle? parent) != 0)
            return false;
        using (parent)
            return NativeStore.Status(parent!, path.Name.Terminated, out FileStatus there) == 0 && there.IsSameFile(file);
    }

    private static List<FileName> Listed(SafeFileHandle parent)
    {
        List<FileName> names = [];
        if (NativeStore.Open(parent, ".\0"u8, NativeStore.DirectoryOnly, 0, out SafeFileHandle? directory) != 0)
            return names;
        using (directory)
        {
            using PooledBuffer buffer = new(32 << 10);
            DirectoryNames.Read(directory!, buffer.Span, names);
        }
        return names;
    }
}
