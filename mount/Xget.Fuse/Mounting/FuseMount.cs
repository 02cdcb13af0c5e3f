using System.Globalization;
using Mono.Unix.Native;

namespace Xget.Fuse;

/// <summary>A mounted file system. Thread-safe. Disposing it unmounts it, whoever still uses it.</summary>
public sealed partial class FuseMount : IAsyncDisposable
{
    private const int MntForce = 1;
    private const int MntDetach = 2;
    private const int UmountNoFollow = 8;

    private readonly FuseSession _session;
    private readonly MountOptions _options;
    private readonly string? _device;

    private FuseMount(FuseSession session, MountOptions options, string mountPoint)
    {
        _session = session;
        _options = options;
        MountPoint = mountPoint;
        _device = MountEntry.Find(mountPoint)?.Device;
    }

    /// <summary>The mount point, absolute and without links.</summary>
    public string MountPoint { get; }

    /// <summary>What was agreed on with the kernel.</summary>
    public FuseConnection Connection => _session.Core.Connection!;

    /// <summary>
    /// Ends, without an error, when the file system is no longer mounted, whoever unmounted it, and all of it is closed.
    /// </summary>
    public Task Ended => _session.Ended;

    /// <summary>Unmounts; <see cref="Ended"/> follows when the kernel has let go.</summary>
    /// <param name="detach">Even if it is in use: it vanishes from the tree at once, and ends with its last user.</param>
    /// <returns>0; EBUSY if it is in use; EINVAL if it is not there any more, or something is mounted over it.</returns>
    public Task<Errno> UnmountAsync(bool detach = false) => UnmountAsync(detach, detach ? MntDetach : 0);

    /// <summary>
    /// Unmounts, forcibly if it is in use, and ends everything: requests that wait are interrupted, and those that use
    /// files there get errors.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (!Ended.IsCompleted && await UnmountAsync(detach: false) != 0)
        {
            await UnmountAsync(detach: true, MntDetach | MntForce);
        }

        if (!Ended.IsCompleted)
        {
            _session.Stop(_device);
        }

        await Ended;

        // `umount -f` ends the connection, but where files are open the mount stays, and everybody would run into it.
        if (IsThere)
        {
            await UnmountThereAsync(detach: true, MntDetach);
        }
    }

    private bool IsThere => _device is not null && MountEntry.Find(MountPoint)?.Device == _device;

    private async Task<Errno> UnmountAsync(bool detach, int flags) =>
        Ended.IsCompleted ? 0 : IsThere ? await UnmountThereAsync(detach, flags) : Errno.EINVAL;

    private async Task<Errno> UnmountThereAsync(bool detach, int flags)
    {
        // Not on this thread: the kernel may have something to ask first.
        Errno error = await Task.Run(() => Native.Unmount(MountPoint, flags | UmountNoFollow));
        return error == Errno.EPERM ? await Fusermount.UnmountAsync(MountPoint, detach, _options) : error;
    }

    /// <summary>The kernel's own read-ahead is too small for large reads, whatever INIT says.</summary>
    private void RaiseReadAhead()
    {
        if (_options.ReadAheadKb == 0 || _device is null)
        {
            return;
        }

        string setting = $"/sys/class/bdi/{_device}/read_ahead_kb";
        try
        {
            File.WriteAllText(setting, _options.ReadAheadKb.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _options.Complaint?.Invoke($"read-ahead stays as it is: cannot write {setting}");
        }
    }
}
