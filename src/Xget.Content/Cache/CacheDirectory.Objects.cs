using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Content.Linux;
using Xget.Content.Store;

namespace Xget.Content.Cache;

/// <summary>The contents of a cache's directory.</summary>
/// <remarks>
/// Whoever uses a content's data file has a lock on it: shared while all of it is there, exclusive while it is being
/// filled, checked or removed. A map is only written by one who has a lock.
/// </remarks>
internal sealed partial class CacheDirectory
{
    /// <summary>Opens a content's data file, made if it is not there; what is no file of ours gives way.</summary>
    public Errno OpenData(ObjectName name, out SafeFileHandle? file)
    {
        file = null;
        Errno error = OpenFolder(name, create: true, out SafeFileHandle? folder);
        if (error != 0)
            return error;
        using (folder)
        {
            const int Flags = NativeStore.ReadWrite | NativeStore.Create | NativeStore.NonBlocking;
            for (int tries = 0; tries < MostTries; tries++)
            {
                error = NativeStore.Open(folder!, name.Data, Flags, FileMode, out file);
                bool isOurs = error == 0 && FileCalls.Status(file!, out RawStatus status) == 0
                    && IsOurs(status) && status.LinkCount <= 1;
                if (isOurs || error is not (0 or Errno.ELOOP or Errno.ENXIO or Errno.EACCES or Errno.ETXTBSY))
                    return error;
                file?.Dispose();
                file = null;
                error = NativeStore.Unlink(folder!, name.Data);
                if (error is not (0 or Errno.ENOENT))
                    return error;
            }
            return Errno.EBUSY;
        }
    }

    /// <summary>True if the content's name still stands for this file.</summary>
    public bool IsNamed(ObjectName name, SafeFileHandle file)
    {
        if (OpenFolder(name, create: false, out SafeFileHandle? folder) != 0)
            return false;
        using (folder)
            return IsNamed(folder!, name, file);
    }

    /// <summary>Reads a content's map; null if there is none, or not a whole one.</summary>
    /// <param name="name">The content.</param>
    /// <param name="body">The chunk table and the bits; empty unless asked for.</param>
    /// <param name="withBody">Whether they are wanted.</param>
    public MapFile? ReadMap(ObjectName name, out byte[] body, bool withBody = true)
    {
        body = [];
        if (OpenFolder(name, create: false, out SafeFileHandle? folder) != 0)
            return null;
        using (folder)
            return ReadMap(folder!, name, out body, withBody);
    }

    /// <summary>True if a content is here whole, as far as its map and its file's status tell.</summary>
    public bool IsComplete(ObjectName name, Guid boot)
    {
        if (OpenFolder(name, create: false, out SafeFileHandle? folder) != 0)
            return false;
        using (folder)
        {
            return ReadMap(folder!, name, out _, withBody: false) is { IsComplete: true } map
                && FileCalls.Status(folder!, name.Data, out RawStatus status) == 0
                && status.Type == EntryType.Regular && map.Vouches(boot, FileIdentity.Of(status));
        }
    }

    /// <summary>Replaces a content's map at once, and says when the content was used.</summary>
    public void WriteMap(ObjectName name, ReadOnlySpan<byte> map, Timestamp used)
    {
        if (OpenFolder(name, create: false, out SafeFileHandle? folder) != 0)
            return;
        using (folder)
        {
            // An older map might speak for what is no longer there.
            if (WriteWhole(_root, folder!, name.Map, map, used) != 0)
                NativeStore.Unlink(folder!, name.Map);
        }
    }

    /// <summary>From now on the content's map vouches for nothing.</summary>
    public void MarkOpen(ObjectName name)
    {
        if (OpenFolder(name, create: false, out SafeFileHandle? folder) != 0)
            return;
        using (folder)
        {
            Errno error = NativeStore.Open(
                folder!, name.Map, NativeStore.ReadWrite | NativeStore.NonBlocking, 0, out SafeFileHandle? file);
            using (file)
            {
                if (error == 0)
                    error = NativeStore.Write(file!, MapFile.Open, MapFile.StateOffset);
            }
            if (error != 0)
                NativeStore.Unlink(folder!, name.Map);
        }
    }

    /// <summary>Says that a content was used.</summary>
    public void Touch(ObjectName name, Timestamp used)
    {
        if (OpenFolder(name, create: false, out SafeFileHandle? folder) != 0)
            return;
        using (folder)
            NativeStore.SetModified(folder!, name.Map, used);
    }

    /// <summary>Removes a content that nobody has open; true if it is gone now.</summary>
    public bool TryRemove(ObjectName name)
    {
        if (OpenFolder(name, create: false, out SafeFileHandle? folder) != 0)
            return false;
        using (folder)
        {
            Errno error = NativeStore.Open(folder!, name.Data, NativeStore.NonBlocking, 0, out SafeFileHandle? file);
            if (error == Errno.ENOENT)
                return NativeStore.Unlink(folder!, name.Map) == 0;
            using (file)
            {
                if (error == 0 && (NativeStore.TryLock(file!) != 0 || !IsNamed(folder!, name, file!)))
                    return false;
                // In this order, since who makes the file anew writes a map for it at once.
                NativeStore.Unlink(folder!, name.Map);
                bool isGone = NativeStore.Unlink(folder!, name.Data) == 0;
                if (file is not null)
                    NativeStore.Unlock(file);
                return isGone;
            }
        }
    }

    /// <summary>All contents, in no order, whether in use or not.</summary>
    public List<CachedObject> List()
    {
        List<CachedObject> found = [];
        List<FileName> names = [];
        List<FileName> folders = [];
        Names(_objects, folders);
        foreach (FileName each in folders)
        {
            ReadOnlySpan<byte> folderName = each.Terminated;
            if (NativeStore.Open(_objects, folderName, NativeStore.DirectoryOnly, 0, out SafeFileHandle? folder) != 0)
                continue;
            using (folder)
            {
                names.Clear();
                Names(folder!, names);
                names.Sort(); // a map comes right behind its data
                for (int at = 0; at < names.Count; at++)
                {
                    if (!TryParse(names[at], folderName, out Digest content, out bool isMap))
                        continue;
                    bool hasMap = !isMap && at + 1 < names.Count
                        && TryParse(names[at + 1], folderName, out Digest next, out _) && next == content;
                    if (Describe(folder!, names[at], hasMap ? names[at + 1] : default, content) is { } item)
                        found.Add(item);
                    if (hasMap)
                        at++;
                }
            }
        }
        return found;
    }

    private static CachedObject? Describe(SafeFileHandle folder, FileName first, FileName map, Digest content)
    {
        if (FileCalls.Status(folder, first.Terminated, out RawStatus status) != 0)
            return null;
        long bytes = (long)status.Blocks * 512;
        Timestamp used = status.Mtime.ToTimestamp();
        if (!map.IsEmpty && FileCalls.Status(folder, map.Terminated, out status) == 0)
            (bytes, used) = (bytes + (long)status.Blocks * 512, status.Mtime.ToTimestamp());
        return new CachedObject(content, bytes, used);
    }

    private static bool TryParse(FileName name, ReadOnlySpan<byte> folder, out Digest content, out bool isMap)
    {
        ReadOnlySpan<byte> bytes = name.Bytes;
        isMap = bytes.EndsWith(".map"u8);
        return Digest.TryParse(isMap ? bytes[..^4] : bytes, out content) && bytes.StartsWith(folder[..2]);
    }

    private static bool IsOurs(in RawStatus status)
        => status.Type == EntryType.Regular && status.Uid == NativeStore.EffectiveUser;

    private static bool IsNamed(SafeFileHandle folder, ObjectName name, SafeFileHandle file)
        => FileCalls.Status(folder, name.Data, out RawStatus named) == 0
            && FileCalls.Status(file, out RawStatus open) == 0
            && named.Inode == open.Inode && named.Device == open.Device;

    private static MapFile? ReadMap(SafeFileHandle folder, ObjectName name, out byte[] body, bool withBody)
    {
        body = [];
        if (NativeStore.Open(folder, name.Map, NativeStore.NonBlocking, 0, out SafeFileHandle? file) != 0)
            return null;
        using (file)
        {
            Span<byte> header = stackalloc byte[MapFile.HeaderLength];
            if (FileCalls.Status(file!, out RawStatus status) != 0 || !IsOurs(status)
                || FileCalls.ReadExactly(file!, 0, header) != 0 || MapFile.Decode(header, status.Size) is not { } map)
                return null;
            if (!withBody)
                return map;
            byte[] rest = new byte[status.Size - MapFile.HeaderLength];
            if (FileCalls.ReadExactly(file!, MapFile.HeaderLength, rest) != 0)
                return null;
            body = rest;
            return map;
        }
    }

    private Errno OpenFolder(ObjectName name, bool create, out SafeFileHandle? folder)
    {
        Errno error = NativeStore.Open(_objects, name.Folder, NativeStore.DirectoryOnly, 0, out folder);
        if (error != Errno.ENOENT || !create)
            return error;
        error = NativeStore.MakeDirectory(_objects, name.Folder, DirectoryMode);
        return error is 0 or Errno.EEXIST
            ? NativeStore.Open(_objects, name.Folder, NativeStore.DirectoryOnly, 0, out folder) : error;
    }
}
