using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;
using Xget.Content.Linux;
using Xget.Content.Store;

namespace Xget.Content.Cache;

/// <summary>A content's data file, open, of the right size and locked, and what its map said. Immutable.</summary>
internal sealed class LockedFile
{
    private const int MostTries = 100;

    private LockedFile(SafeFileHandle handle) => Handle = handle;

    public SafeFileHandle Handle { get; }

    /// <summary>True for a file without a name, which nobody else can see.</summary>
    public bool IsNameless { get; private init; }

    /// <summary>True if nobody else has the file open.</summary>
    public bool IsAlone { get; private set; }

    /// <summary>True if nothing was in the file yet.</summary>
    public bool IsNew { get; private set; }

    /// <summary>The chunks that the map tells of; null if there is none that is whole.</summary>
    public ChunkMap? There { get; private set; }

    /// <summary>True if what the map tells may be believed.</summary>
    public bool IsTrusted { get; private set; }

    /// <summary>What the file was when the map was read, before it got the right size.</summary>
    public FileIdentity Identity { get; private set; }

    /// <summary>
    /// Opens the file of a content, or makes it. Null if another process is filling it, or the disk does not let us.
    /// </summary>
    /// <remarks>
    /// The shared lock comes first, so that those who open a whole content at the same time do not get in each other's
    /// way; the exclusive one only if something is missing.
    /// </remarks>
    public static LockedFile? Open(CacheDirectory directory, ObjectName name, ChunkTable table, Guid boot)
    {
        for (int tries = 0; tries < MostTries; tries++)
        {
            if (directory.OpenData(name, out SafeFileHandle? handle) != 0)
                return null;
            LockedFile file = new(handle!);
            Errno error = NativeStore.TryLockAsOneOfMany(handle!);
            if (error == 0)
            {
                error = file.Look(directory, name, table, boot);
                if (error == 0 && !(file.IsTrusted && file.There!.IsComplete))
                {
                    // Even a change that fails gives the shared lock up, and others may have been quicker.
                    file.IsAlone = NativeStore.TryLock(handle!) == 0;
                    error = file.IsAlone ? 0 : NativeStore.TryLockAsOneOfMany(handle!);
                    if (error == 0)
                        error = file.Look(directory, name, table, boot);
                }
            }
            if (error == 0 && file.Identity.Size != table.Size)
                error = NativeStore.Truncate(handle!, table.Size);
            if (error == 0)
                return file;
            handle!.Dispose();
            if (error != Errno.ESTALE)
                return null;
        }
        return null;
    }

    /// <summary>A file without a name; null if even that cannot be had.</summary>
    public static LockedFile? Nameless(CacheDirectory directory, ChunkTable table)
    {
        if (directory.OpenNameless(out SafeFileHandle? handle) != 0)
            return null;
        if (NativeStore.Truncate(handle!, table.Size) == 0)
            return new LockedFile(handle!) { IsNameless = true, IsAlone = true, IsNew = true };
        handle!.Dispose();
        return null;
    }

    /// <summary>ESTALE: the file was removed between opening and locking.</summary>
    private Errno Look(CacheDirectory directory, ObjectName name, ChunkTable table, Guid boot)
    {
        if (!directory.IsNamed(name, Handle))
            return Errno.ESTALE;
        Errno error = FileCalls.Status(Handle, out RawStatus status);
        if (error != 0)
            return error;
        Identity = FileIdentity.Of(status);
        IsNew = status.Size == 0;
        There = null;
        IsTrusted = false;
        if (directory.ReadMap(name, out byte[] body) is { } map && map.TableLength == (ulong)table.Encoded.Length
            && body.AsSpan().StartsWith(table.Encoded.Span))
        {
            ChunkMap there = new(table.Count);
            if (map.TryReadBits(body.AsSpan(table.Encoded.Length), there))
                There = there;
            IsTrusted = There is not null && status.Size == table.Size && map.Vouches(boot, Identity);
        }
        return 0;
    }
}
