using Mono.Unix.Native;
using Xget.Content;
using Xget.Content.Linux;
using Xget.Content.Store;

namespace Xget.Node.Copying;

/// <summary>
/// Puts the entries of one plan into the destination: what fails is noted and costs only itself, unless the whole
/// destination has failed. Thread-safe.
/// </summary>
internal sealed class Placing(CopyPlan plan, Destination destination, bool mayLackTypes)
{
    private readonly HashSet<DestinationPath> _lost = []; // directories; filled before the others are placed
    private int _skipped;

    /// <summary>What could not be placed.</summary>
    internal CopyFailures Failures { get; } = new();

    /// <summary>Entries of types that the file system has not, if that is allowed.</summary>
    internal CopyFailures Lacked { get; } = new();

    /// <summary>Devices that this user may not make.</summary>
    internal int Skipped => _skipped;

    /// <summary>Makes the directories; one that cannot be made takes along what is in it.</summary>
    internal void MakeDirectories()
    {
        foreach ((DestinationPath path, _) in plan.Directories)
        {
            if (path.Parent is not null && IsLost(path))
                _lost.Add(path);
            else if (destination.EnsureDirectory(path) is var error and not 0)
            {
                Fail(path, error, EntryType.Directory);
                _lost.Add(path);
            }
        }
        foreach ((DestinationPath path, string reason) in plan.Wrong)
            Failures.Add(path, reason);
    }

    /// <summary>Whether the directory that an entry would be in could not be made.</summary>
    internal bool IsLost(DestinationPath path) => _lost.Count > 0 && _lost.Contains(path.Parent!);

    /// <summary>
    /// Places a file under its name or, if it has several and the first fails, under another of them.
    /// </summary>
    /// <returns>True if it is in place under its own name.</returns>
    internal bool Place(DestinationPath path, EntryAttributes attributes, Func<DestinationPath, Errno> place)
    {
        bool isPlaced = !IsLost(path) && TryPlace(path, attributes.Type, place);
        if (attributes.LinkIdentity == 0)
            return isPlaced;
        LinkGroup group = plan.Links[attributes.LinkIdentity];
        group.Placed = isPlaced ? path : null;
        for (int i = 0; i < group.Others.Count && group.Placed is null; i++)
        {
            if (!IsLost(group.Others[i]) && TryPlace(group.Others[i], attributes.Type, place))
                group.Placed = group.Others[i];
        }
        return isPlaced;
    }

    /// <summary>A file stands under its name.</summary>
    internal void InPlace(DestinationPath path, EntryAttributes attributes)
    {
        if (attributes.LinkIdentity != 0)
            plan.Links[attributes.LinkIdentity].Placed = path;
    }

    /// <summary>Empty files, symlinks, devices and the like; their number that are regular files.</summary>
    internal int PlaceOthers()
    {
        int files = 0;
        foreach ((DestinationPath path, EntryAttributes attributes) in plan.Others)
        {
            if (Place(path, attributes, p => PlaceOther(p, attributes)) && attributes.Type == EntryType.Regular)
                files++;
        }
        return files;
    }

    /// <summary>Gives the directories their metadata, the deepest first.</summary>
    internal void FinishDirectories()
    {
        for (int i = plan.Directories.Count - 1; i >= 0; i--)
        {
            (DestinationPath path, EntryAttributes attributes) = plan.Directories[i];
            if (!_lost.Contains(path) && destination.FinishDirectory(path, attributes) is var error and not 0)
                Fail(path, error, EntryType.Directory);
        }
    }

    internal Errno PlaceOther(DestinationPath path, EntryAttributes attributes)
    {
        Errno error = attributes.Type switch
        {
            EntryType.Regular => destination.PlaceBytes([], path, attributes),
            EntryType.Symlink => destination.PlaceSymlink(path, attributes),
            _ => destination.PlaceNode(path, attributes),
        };
        if (error != Errno.EPERM || attributes.Type is not (EntryType.Character or EntryType.Block) || Environment.IsPrivilegedProcess)
            return error;
        Interlocked.Increment(ref _skipped);
        return 0;
    }

    /// <summary>An entry could not be made.</summary>
    /// <exception cref="CopyException">It is not the entry that is bad but the destination.</exception>
    internal void Fail(DestinationPath path, Errno error, EntryType type)
    {
        if (error is Errno.ENOSPC or Errno.EDQUOT ? path.Parent is null || destination.IsOnRootFileSystem(path)
            : error is Errno.EROFS or Errno.EIO && destination.Probe() != 0)
            throw Ended(path, error);
        bool isLacked = mayLackTypes && IsLackedType(error, type);
        (isLacked ? Lacked : Failures).Add(path, Reason(path, error, type));
    }

    /// <summary>The error of a destination that takes nothing more.</summary>
    internal static CopyException Ended(DestinationPath path, Errno error) =>
        new($"cannot write {(path.Parent is null ? "the destination" : path)}: {Words.Of(error)}");

    private static bool IsLackedType(Errno error, EntryType type) =>
        error is Errno.EPERM or Errno.ENOSYS or Errno.EOPNOTSUPP && type is not (EntryType.Regular or EntryType.Directory);

    private bool TryPlace(DestinationPath path, EntryType type, Func<DestinationPath, Errno> place)
    {
        Errno error = place(path);
        if (error != 0)
            Fail(path, error, type);
        return error == 0;
    }

    private string Reason(DestinationPath path, Errno error, EntryType type) => (error, type) switch
    {
        (Errno.EISDIR, _) => "a directory that is not empty stands where a file should be",
        (Errno.EBUSY, _) => "cannot be replaced: something is mounted there",
        (Errno.ENOTUNIQ, _) => $"the destination takes it for {destination.NamesakeOf(path)?.ToString() ?? "another entry"}, which is in place",
        (Errno.EINVAL, EntryType.Regular) => "the directory that names it is wrong about its size, or the name is not allowed here",
        _ when IsLackedType(error, type) => type == EntryType.Symlink
            ? "the file system has no symbolic links" : "the file system has no devices, fifos or sockets",
        _ => $"cannot write: {Words.Of(error)}",
    };
}
