using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Content.Store;

/// <summary>
/// Gives entries the owner, mode, extended attributes and time of their source, changing only what differs.
/// </summary>
/// <remarks>
/// The order matters: owner, extended attributes, mode, access control lists, time. A change of owner clears setuid and
/// file capabilities; a mode without write permission would forbid attributes; a list refines the mode. Thread-safe.
/// </remarks>
internal sealed class MetadataWriter
{
    private const uint SetUid = 0x800, SetGid = 0x400, OwnerMayWrite = 0x80, PermissionsOnly = 0x1FF, AllModeBits = 0xFFF;

    private readonly bool _keepOwner;
    private readonly bool _keepMode;
    private readonly bool _isPrivileged = NativeStore.EffectiveUser == 0;
    private readonly uint _umask;
    private readonly XattrWriter _xattrs;
    private long _ownersLost;
    private long _modesLost;
    private long _timesLost;

    public MetadataWriter(DestinationOptions options)
    {
        _keepMode = options.KeepMode;
        _keepOwner = options.KeepOwner && options.KeepMode;
        _umask = _keepMode ? 0 : NativeStore.Umask();
        _xattrs = new XattrWriter(_isPrivileged, options.KeepMode);
    }

    /// <summary>True if modes are copied, false if they are left alone.</summary>
    public bool KeepsMode => _keepMode;

    /// <summary>
    /// Entries that could not be given their owner, for example an id that is not mapped in a container.
    /// </summary>
    public long OwnersLost => Interlocked.Read(ref _ownersLost);

    /// <summary>Entries whose mode the file system refused: it may know only one for all.</summary>
    public long ModesLost => Interlocked.Read(ref _modesLost);

    /// <summary>Entries whose time of modification the file system refused.</summary>
    public long TimesLost => Interlocked.Read(ref _timesLost);

    /// <summary>Extended attributes that the destination's file system refused.</summary>
    public long XattrsLost => _xattrs.Lost;

    /// <summary>For an open file or directory that is in place already.</summary>
    public Errno Apply(SafeFileHandle file, EntryAttributes wanted)
    {
        Errno error = NativeStore.Status(file, out FileStatus status);
        if (error == 0 && _keepOwner)
            error = ApplyOwner(file, wanted.Uid, wanted.Gid, ref status);
        return error != 0 ? error : ApplyRest(file, wanted, _keepMode ? ModeFor(wanted, status) : status.Mode, status);
    }

    /// <summary>
    /// For a new file that is about to take its name, perhaps from the one that <paramref name="replaced"/> tells of.
    /// </summary>
    public Errno ApplyToNew(SafeFileHandle file, EntryAttributes wanted, in FileStatus? replaced)
    {
        if (_keepMode)
            return Apply(file, wanted);
        Errno error = NativeStore.Status(file, out FileStatus status);
        if (error == 0 && replaced is { } old && _isPrivileged)
            error = ApplyOwner(file, old.Uid, old.Gid, ref status);
        uint mode = PermissionsOnly & (replaced?.Mode ?? (wanted.Mode & ~_umask));
        return error != 0 ? error : ApplyRest(file, wanted, mode, status);
    }

    /// <summary>For a new symlink or node under a temporary name, where nobody else can swap it.</summary>
    public Errno ApplyToNew(SafeFileHandle directory, ReadOnlySpan<byte> name, EntryAttributes wanted)
    {
        XattrTarget target = new(directory, name);
        Errno error = NativeStore.Status(directory, name, out FileStatus status);
        bool hasGroup = status.Gid == wanted.Gid;
        if (error == 0 && _keepOwner && (status.Uid, status.Gid) != (wanted.Uid, wanted.Gid))
        {
            error = NativeStore.Chown(directory, name, wanted.Uid, wanted.Gid);
            hasGroup = error == 0;
            error = Known(error, ref _ownersLost);
        }
        if (error == 0)
            error = _xattrs.Apply(target, wanted.Xattrs, XattrKind.Plain);
        if (error == 0 && wanted.Type != EntryType.Symlink)
            error = Known(NativeStore.Chmod(directory, name, ModeForNode(wanted, hasGroup)), ref _modesLost);
        if (error == 0)
            error = _xattrs.Apply(target, wanted.Xattrs, XattrKind.AccessControl);
        return error != 0 ? error : Known(NativeStore.SetModified(directory, name, wanted.Mtime), ref _timesLost);
    }

    /// <summary>True if a symlink or node that is there already needs no change.</summary>
    public bool Matches(SafeFileHandle directory, ReadOnlySpan<byte> name, in FileStatus status, EntryAttributes wanted)
        => (!_keepOwner || (status.Uid, status.Gid) == (wanted.Uid, wanted.Gid))
            && (!_keepMode || wanted.Type == EntryType.Symlink || status.Mode == wanted.Mode)
            && status.Modified == wanted.Mtime
            && _xattrs.Matches(new XattrTarget(directory, name), wanted.Xattrs, XattrKind.Plain)
            && _xattrs.Matches(new XattrTarget(directory, name), wanted.Xattrs, XattrKind.AccessControl);

    private Errno ApplyOwner(SafeFileHandle file, uint uid, uint gid, ref FileStatus status)
    {
        if ((status.Uid, status.Gid) == (uid, gid))
            return 0;
        Errno error = NativeStore.Chown(file, uid, gid);
        if (error == 0)
            return NativeStore.Status(file, out status);
        return Known(error, ref _ownersLost);
    }

    /// <summary>What a file system does not know of, or does not allow, is counted and no error.</summary>
    private static Errno Known(Errno error, ref long lost)
    {
        if (error is not (Errno.EPERM or Errno.EINVAL or Errno.ENOSYS or Errno.EOPNOTSUPP))
            return error;
        Interlocked.Increment(ref lost);
        return 0;
    }

    /// <summary>A device is not opened to a group that its source's group is not.</summary>
    private uint ModeForNode(EntryAttributes wanted, bool hasGroup)
    {
        const uint Group = 0x38; // rwx for the group
        uint mode = _keepMode ? wanted.Mode : wanted.Mode & PermissionsOnly & ~_umask;
        return wanted.Type is EntryType.Character or EntryType.Block && !hasGroup ? mode & ~Group : mode;
    }

    /// <summary>
    /// The source's mode, but a program never gets the rights of somebody who does not own its source.
    /// </summary>
    private static uint ModeFor(EntryAttributes wanted, in FileStatus status)
    {
        uint mode = wanted.Mode & AllModeBits;
        if (wanted.Type != EntryType.Directory)
        {
            if (status.Uid != wanted.Uid)
                mode &= ~SetUid;
            if (status.Gid != wanted.Gid)
                mode &= ~SetGid;
        }
        return mode;
    }

    private Errno ApplyRest(SafeFileHandle file, EntryAttributes wanted, uint mode, in FileStatus status)
    {
        XattrTarget target = new(file);
        uint current = status.Mode;
        Errno error = 0;
        if (!_xattrs.Matches(target, wanted.Xattrs, XattrKind.Plain))
        {
            // A user may set attributes only of a file that he may write.
            if (!_isPrivileged && (current & OwnerMayWrite) == 0)
                error = Known(NativeStore.Chmod(file, current |= OwnerMayWrite), ref _modesLost);
            if (error == 0)
                error = _xattrs.Apply(target, wanted.Xattrs, XattrKind.Plain);
        }
        if (error == 0 && current != mode)
            error = Known(NativeStore.Chmod(file, mode), ref _modesLost);
        if (error == 0)
            error = _xattrs.Apply(target, wanted.Xattrs, XattrKind.AccessControl);
        return error == 0 && status.Modified != wanted.Mtime
            ? Known(NativeStore.SetModified(file, wanted.Mtime), ref _timesLost) : error;
    }
}
