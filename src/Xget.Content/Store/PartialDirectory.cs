using System.Text;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Content.Linux;

namespace Xget.Content.Store;

/// <summary>
/// The directory <c>.xget-partial</c> in a destination's root, made when first needed and removed when empty. Everyone
/// who uses it holds a shared lock on it, so that whoever gets the exclusive one is alone and may clean up.
/// </summary>
/// <remarks>Thread-safe. Names of temporary entries begin with "tmp-"; all others are digests.</remarks>
internal sealed class PartialDirectory(SafeFileHandle root, FileName name) : IDisposable
{
    private const int MostTries = 100;

    private readonly Lock _lock = new();
    private byte[] _name = name.Terminated.ToArray();
    private SafeFileHandle? _open;
    private int _temporaries;

    /// <summary>What every temporary name begins with.</summary>
    private static ReadOnlySpan<byte> TemporaryPrefix => "tmp-"u8;

    /// <summary>Gives it another name, unless it is open.</summary>
    public void Rename(FileName to)
    {
        lock (_lock)
        {
            if (_open is null)
                _name = to.Terminated.ToArray();
        }
    }

    /// <summary>The directory, which is made if it is not there.</summary>
    /// <returns>0, EPERM if it belongs to somebody else, or what the disk said.</returns>
    public Errno Open(out SafeFileHandle? directory)
    {
        lock (_lock)
        {
            Errno error = 0;
            if (_open is null)
                error = OpenNow();
            directory = _open;
            return error;
        }
    }

    /// <summary>Makes the directory anew when next needed if somebody has removed it; true if so.</summary>
    public bool ForgetIfRemoved()
    {
        lock (_lock)
        {
            if (_open is null || NativeStore.Status(_open, out FileStatus status) != 0 || status.LinkCount != 0)
                return false;
            _open = null; // not closed: another thread may be about to use it
            return true;
        }
    }

    /// <summary>
    /// A name in this directory that no other thread of this process uses; another process's may be met: EEXIST, and try
    /// again.
    /// </summary>
    public byte[] TemporaryName() => TemporaryName(TemporaryPrefix);

    /// <summary>Such a name for any directory.</summary>
    public byte[] TemporaryName(ReadOnlySpan<byte> prefix)
        => [.. prefix, .. Encoding.ASCII.GetBytes($"{NativeStore.ProcessId}-{Interlocked.Increment(ref _temporaries)}"), 0];

    /// <summary>Removes the unfinished contents that nobody holds.</summary>
    public void RemoveAbandoned()
    {
        lock (_lock)
        {
            if (_open is null && NativeStore.Status(root, _name, out _) != 0)
                return; // not there, and not made for this
        }
        if (Open(out SafeFileHandle? directory) != 0)
            return;
        foreach (FileName entry in Entries(directory!))
        {
            if (entry.Bytes.StartsWith(TemporaryPrefix)
                || NativeStore.Open(directory!, entry.Terminated, NativeStore.NonBlocking, 0, out SafeFileHandle? file) != 0)
                continue;
            using (file)
            {
                if (NativeStore.TryLock(file!) == 0)
                    NativeStore.Unlink(directory!, entry.Terminated);
            }
        }
    }

    /// <summary>
    /// Removes the directory if it is empty and nobody else uses it. It comes back when it is needed again.
    /// </summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_open is null)
                return;
            if (NativeStore.TryLock(_open) == 0)
                NativeStore.RemoveDirectory(root, _name);
            NativeStore.Unlock(_open);
            _open.Dispose();
            _open = null;
        }
    }

    private Errno OpenNow()
    {
        for (int tries = 0; tries < MostTries; tries++)
        {
            Errno error = NativeStore.MakeDirectory(root, _name, 0x1C0); // 0700
            bool isNew = error == 0;
            if (error is not (0 or Errno.EEXIST))
                return error;
            error = NativeStore.Open(root, _name, NativeStore.DirectoryOnly, 0, out SafeFileHandle? directory);
            // Something else under our name, such as a symlink, is not followed but makes room.
            if (error is Errno.ENOTDIR or Errno.ELOOP)
                NativeStore.Unlink(root, _name);
            if (error is Errno.ENOTDIR or Errno.ELOOP or Errno.ENOENT)
                continue;
            if (error != 0)
                return error;
            error = Prepare(directory!, isNew);
            if (error == 0)
            {
                _open = directory;
                return 0;
            }
            directory!.Dispose();
            if (error != Errno.ESTALE)
                return error;
        }
        return Errno.EBUSY;
    }

    private static Errno Prepare(SafeFileHandle directory, bool isNew)
    {
        Errno error = NativeStore.Status(directory, out FileStatus status);
        if (error != 0)
            return error;
        uint user = NativeStore.EffectiveUser;
        // The bytes of a file that somebody else can open may change after they were verified.
        bool isForeign = status.Uid != user;
        if (isForeign && user != 0)
            return Errno.EPERM;
        if (isForeign)
            error = NativeStore.Chown(directory, user, status.Gid);
        if (error == 0 && (status.Mode & 0x1FF) != 0x1C0)
            error = NativeStore.Chmod(directory, 0x1C0);
        if (error != 0)
            return error;
        NativeStore.RemoveXattr(directory, "system.posix_acl_default\0"u8); // files would inherit it
        if (!isNew && NativeStore.TryLock(directory) == 0)
        {
            foreach (FileName entry in Entries(directory))
            {
                if (isForeign || entry.Bytes.StartsWith(TemporaryPrefix))
                    NativeStore.Unlink(directory, entry.Terminated);
            }
        }
        error = NativeStore.LockAsOneOfMany(directory);
        // Its last user may have removed it in the meantime.
        if (error == 0)
            error = NativeStore.Status(directory, out status);
        return error == 0 && status.LinkCount == 0 ? Errno.ESTALE : error;
    }

    /// <summary>The names in the directory, as far as they can be read.</summary>
    private static List<FileName> Entries(SafeFileHandle directory)
    {
        List<FileName> names = [];
        using PooledBuffer buffer = new(32 << 10);
        if (NativeStore.Rewind(directory) == 0)
            DirectoryNames.Read(directory, buffer.Span, names);
        return names;
    }
}
