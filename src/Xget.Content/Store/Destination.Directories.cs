using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <content>Directories, and metadata of what is in place.</content>
public sealed partial class Destination
{
    /// <summary>
    /// Makes a directory that only its owner can enter, or accepts the one that is there; anything else there (a symlink
    /// to a directory, too) is replaced. Its parent must exist.
    /// </summary>
    /// <returns>0; ENOTUNIQ if it is a directory of this copy under another name (<see cref="NamesakeOf"/>).</returns>
    public Errno EnsureDirectory(DestinationPath path)
    {
        if (path.Parent is null)
            return 0;
        Errno error = OpenParent(path, out SafeFileHandle? parent);
        if (error != 0)
            return error;
        using (parent)
        {
            uint mode = _metadata.KeepsMode ? 0x1C0u : 0x1FFu; // 0700, or 0777 under the umask
            ReadOnlySpan<byte> name = path.Name.Terminated;
            while (true)
            {
                error = NativeStore.MakeDirectory(parent!, name, mode);
                if (error is not (0 or Errno.EEXIST))
                    return error;
                bool isNew = error == 0;
                error = NativeStore.Status(parent!, name, out FileStatus status);
                if (error == 0 && !isNew && IsTaken(parent!, path, status))
                    return Errno.ENOTUNIQ;
                if (error == 0 && status.IsDirectory)
                {
                    _written.Set(status, path);
                    return _metadata.KeepsMode && !isNew ? Open(parent!, name, status) : 0;
                }
                if (error == 0)
                    error = NativeStore.Unlink(parent!, name);
                if (error is not (0 or Errno.ENOENT))
                    return error;
            }
        }
    }

    /// <summary>
    /// Gives a directory its owner, mode, extended attributes and time, when nothing in it will change any more. For the
    /// root, which comes last of all, <c>.xget-partial</c> is removed before, if it is empty.
    /// </summary>
    public Errno FinishDirectory(DestinationPath path, EntryAttributes attributes)
    {
        if (path.Parent is null)
            Partial.Dispose();
        Errno error = OpenDirectory(path, out SafeFileHandle? found);
        if (error != 0)
            return error;
        using (found)
        {
            error = NativeStore.Open(found!, ".\0"u8, NativeStore.DirectoryOnly, 0, out SafeFileHandle? directory);
            if (error != 0)
                return error;
            using (directory)
                return _metadata.Apply(directory!, attributes);
        }
    }

    /// <summary>
    /// Gives a regular file whose bytes are right the metadata of its entry; changes only what differs.
    /// </summary>
    /// <returns>
    /// 0, ENOENT, EINVAL if it is no regular file; ENOTUNIQ if this copy has it under another name.
    /// </returns>
    public Errno ApplyMetadata(DestinationPath path, EntryAttributes attributes)
    {
        Errno error = OpenParent(path, out SafeFileHandle? parent);
        if (error != 0)
            return error;
        using (parent)
        {
            error = OpenFile(parent!, path.Name, out SafeFileHandle? file, out FileStatus status);
            if (error == 0)
                error = Keep(parent!, path, status);
            using (file)
                return error != 0 ? error : _metadata.Apply(file!, attributes);
        }
    }

    /// <summary>A user who is not root cannot place entries in a directory of his own that is read-only.</summary>
    private static Errno Open(SafeFileHandle parent, ReadOnlySpan<byte> name, in FileStatus status)
    {
        uint user = NativeStore.EffectiveUser;
        if (user == 0 || status.Uid != user || (status.Mode & 0x1C0) == 0x1C0)
            return 0;
        return NativeStore.Chmod(parent, name, status.Mode | 0x1C0);
    }

    /// <summary>Opens an existing regular file for reading. EINVAL if it is something else.</summary>
    private Errno OpenFile(DestinationPath path, out SafeFileHandle? file, out FileStatus status)
    {
        file = null;
        status = default;
        Errno error = OpenParent(path, out SafeFileHandle? parent);
        if (error != 0)
            return error;
        using (parent)
            return OpenFile(parent!, path.Name, out file, out status);
    }

    private static Errno OpenFile(SafeFileHandle parent, FileName name, out SafeFileHandle? file, out FileStatus status)
    {
        status = default;
        // Opening a fifo does not wait for its other end.
        Errno error = NativeStore.Open(parent, name.Terminated, NativeStore.NonBlocking, 0, out file);
        if (error == 0)
            error = NativeStore.Status(file!, out status);
        if (error == 0 && !status.IsRegular)
            error = Errno.EINVAL;
        if (error != 0)
        {
            file?.Dispose();
            file = null;
        }
        return error;
    }
}
