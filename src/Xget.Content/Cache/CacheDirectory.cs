using System.Text;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Content.Linux;
using Xget.Content.Store;

namespace Xget.Content.Cache;

/// <summary>
/// A cache's directory: <c>version</c>, <c>objects/AB/DIGEST</c> and <c>DIGEST.map</c>, and temporary files whose names
/// begin with "tmp-". Thread-safe; stays open until its owner and all contents have let go.
/// </summary>
/// <remarks>Everyone who uses it holds a shared lock on it: who gets the exclusive one may clean up.</remarks>
internal sealed partial class CacheDirectory : IDisposable
{
    private const uint DirectoryMode = 0x1C0; // 0700
    private const uint FileMode = 0x180; // 0600
    private const int MostTries = 100;

    private static int s_temporaries;

    private readonly SafeFileHandle _root;
    private readonly SafeFileHandle _objects;
    private int _holders = 1;

    private CacheDirectory(SafeFileHandle root, SafeFileHandle objects) => (_root, _objects) = (root, objects);

    private static ReadOnlySpan<byte> Version => "xget cache 1\n"u8;

    private static ReadOnlySpan<byte> TemporaryPrefix => "tmp-"u8;

    /// <summary>Opens a cache or makes an empty one; what is in the way is refused, with a reason for people.</summary>
    public static Errno Open(string path, out CacheDirectory? directory, out string? reason)
    {
        directory = null;
        reason = null;
        byte[] name = [.. Encoding.UTF8.GetBytes(path.Length > 1 ? path.TrimEnd('/') : path), 0];
        if (name.Length == 1 || name.AsSpan().IndexOf((byte)0) != name.Length - 1)
        {
            reason = "the cache needs the name of a directory";
            return Errno.EINVAL;
        }
        SafeFileHandle root = new();
        SafeFileHandle? objects = null;
        Errno error = NativeStore.MakeDirectory(name, DirectoryMode);
        if (error is 0 or Errno.EEXIST)
            error = FileCalls.Open(name, Libc.Directory | Libc.NoFollow, out root);
        if (error == 0)
            error = Prepare(root, out objects, out reason);
        if (error == 0)
        {
            directory = new CacheDirectory(root, objects!);
            return 0;
        }
        objects?.Dispose();
        root.Dispose();
        reason = $"cache {path}: " + (reason ?? error switch
        {
            Errno.ELOOP or Errno.ENOTDIR => "is no directory, or a symbolic link to one",
            Errno.ENOENT => "its parent directory does not exist",
            Errno.EACCES or Errno.EPERM => "permission denied",
            Errno.EROFS => "the file system is read-only",
            Errno.ENOSPC or Errno.EDQUOT => "no space left on the disk",
            _ => Words.Of(error),
        });
        return error;
    }

    /// <summary>One more holder; false if it is closed already.</summary>
    public bool TryHold()
    {
        int holders = Volatile.Read(ref _holders);
        while (holders > 0)
        {
            int seen = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
            if (seen == holders)
                return true;
            holders = seen;
        }
        return false;
    }

    /// <summary>One holder less.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _holders) > 0)
            return;
        NativeStore.Unlock(_root);
        _objects.Dispose();
        _root.Dispose();
    }

    /// <summary>Bytes of the file system, and those of them that are free.</summary>
    public Errno Space(out ulong size, out ulong free) => NativeStore.Space(_objects, out size, out free);

    /// <summary>A new file for reading and writing that has no name, and so is gone when it is closed.</summary>
    public Errno OpenNameless(out SafeFileHandle? file)
    {
        Errno error = OpenTemporary(_root, out byte[] name, out file);
        if (error == 0)
            NativeStore.Unlink(_root, name);
        return error;
    }

    private static Errno OpenTemporary(SafeFileHandle root, out byte[] name, out SafeFileHandle? file)
    {
        const int Flags = NativeStore.ReadWrite | NativeStore.Create | NativeStore.Exclusive;
        Errno error;
        int tries = 0;
        do
        {
            string number = $"{NativeStore.ProcessId}-{Interlocked.Increment(ref s_temporaries)}";
            name = [.. TemporaryPrefix, .. Encoding.ASCII.GetBytes(number), 0];
            error = NativeStore.Open(root, name, Flags, FileMode, out file);
        }
        while (error == Errno.EEXIST && ++tries < MostTries); // of a process in another pid namespace
        return error;
    }

    private static Errno WriteWhole(
        SafeFileHandle root, SafeFileHandle directory, ReadOnlySpan<byte> name, ReadOnlySpan<byte> bytes,
        Timestamp? modified = null)
    {
        Errno error = OpenTemporary(root, out byte[] temporary, out SafeFileHandle? file);
        if (error != 0)
            return error;
        using (file)
        {
            error = NativeStore.Write(file!, bytes, 0);
            if (modified is { } time)
                NativeStore.SetModified(file!, time);
        }
        if (error == 0)
            error = NativeStore.Rename(root, temporary, directory, name);
        if (error != 0)
            NativeStore.Unlink(root, temporary);
        return error;
    }

    private static Errno Prepare(SafeFileHandle root, out SafeFileHandle? objects, out string? reason)
    {
        objects = null;
        reason = null;
        Errno error = FileCalls.Status(root, out RawStatus status);
        if (error != 0)
            return error;
        if (status.Uid != NativeStore.EffectiveUser)
        {
            reason = "belongs to another user";
            return Errno.EPERM;
        }
        // Alone or with others, but never while somebody who is alone cleans up.
        bool isAlone = NativeStore.TryLock(root) == 0;
        error = isAlone ? 0 : NativeStore.LockAsOneOfMany(root);
        if (error == 0)
            error = CheckVersion(root, out reason);
        if (error == 0 && status.Permissions != DirectoryMode)
            error = NativeStore.Chmod(root, DirectoryMode);
        if (error == 0 && isAlone)
        {
            RemoveTemporaries(root);
            error = NativeStore.LockAsOneOfMany(root);
        }
        if (error != 0)
            return error;
        error = NativeStore.MakeDirectory(root, "objects\0"u8, DirectoryMode);
        return error is 0 or Errno.EEXIST
            ? NativeStore.Open(root, "objects\0"u8, NativeStore.DirectoryOnly, 0, out objects) : error;
    }

    /// <summary>Takes what has our version file, or nothing yet.</summary>
    private static Errno CheckVersion(SafeFileHandle root, out string? reason)
    {
        reason = null;
        Errno error = NativeStore.Open(root, "version\0"u8, NativeStore.NonBlocking, 0, out SafeFileHandle? file);
        if (error == Errno.ENOENT)
        {
            List<FileName> names = [];
            error = Names(root, names);
            if (error != 0)
                return error;
            foreach (FileName name in names)
            {
                // Another process may be just as far.
                if (name.Bytes.StartsWith(TemporaryPrefix) || name.Bytes.SequenceEqual("version"u8)
                    || name.Bytes.SequenceEqual("lost+found"u8))
                    continue;
                reason = "is not empty, and no cache of xget";
                return Errno.ENOTEMPTY;
            }
            return WriteWhole(root, root, "version\0"u8, Version);
        }
        if (error != 0)
            return error;
        using (file)
        {
            Span<byte> text = stackalloc byte[Version.Length + 1];
            error = NativeStore.Read(file!, text, 0, out int count);
            if (error == 0 && text[..count].SequenceEqual(Version))
                return 0;
            // Its name was on the disk before its bytes when the power went.
            if (error == 0 && count == 0)
                return WriteWhole(root, root, "version\0"u8, Version);
            reason = "is of another version of xget, or no cache";
            return Errno.EINVAL;
        }
    }

    private static void RemoveTemporaries(SafeFileHandle root)
    {
        List<FileName> names = [];
        Names(root, names);
        foreach (FileName name in names)
        {
            if (name.Bytes.StartsWith(TemporaryPrefix))
                NativeStore.Unlink(root, name.Terminated);
        }
    }

    private static Errno Names(SafeFileHandle directory, List<FileName> names)
    {
        Errno error = NativeStore.Rewind(directory);
        if (error != 0)
            return error;
        using PooledBuffer buffer = new(32 << 10);
        return DirectoryNames.Read(directory, buffer.Span, names);
    }
}
