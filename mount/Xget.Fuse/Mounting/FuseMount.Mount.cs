using Mono.Unix.Native;

namespace Xget.Fuse;

/// <content>Mounting.</content>
public sealed partial class FuseMount
{
    /// <summary>
    /// Mounts a file system: with mount(2) where this process may, else through fusermount3. Ends when the kernel and
    /// the file system have agreed, so that the mount is ready for use.
    /// </summary>
    /// <param name="files">What is mounted; it belongs to one mount.</param>
    /// <param name="mountPoint">A directory.</param>
    /// <param name="options">How.</param>
    /// <param name="ct">Gives up; nothing is left behind.</param>
    /// <exception cref="FuseException">It failed, for the reason that the message tells; nothing is left behind.
    /// </exception>
    public static async Task<FuseMount> MountAsync(FuseFileSystem files, string mountPoint, MountOptions options,
        CancellationToken ct = default)
    {
        Check(options);
        MountOptionSplit split = MountOptionSplit.Parse(options.Options);
        if (split.Others.Count > 0)
        {
            throw new FuseException(Errno.EINVAL, $"unknown mount option {split.Others[0]}");
        }

        ct.ThrowIfCancellationRequested();
        string target = RealDirectory(mountPoint);
        bool canMount = Privilege.CanMount();
        if (!canMount)
        {
            options = options with { Passthrough = false, ReadAheadKb = 0 };
        }

        FuseSession session = options.UseFusermount ?? !canMount
            ? await StartWithFusermountAsync(files, target, split, options, ct)
            : await StartAsync(files, target, split, options);
        Errno error = await session.Core.Initialised;
        session.StartOthers(failed: error != 0);
        FuseMount mount = new(session, options, target);
        if (error != 0 || ct.IsCancellationRequested)
        {
            await mount.DisposeAsync();
            ct.ThrowIfCancellationRequested();
            throw new FuseException($"the kernel and the file system on {target} do not agree", error);
        }

        mount.RaiseReadAhead();
        return mount;
    }

    private static async Task<FuseSession> StartWithFusermountAsync(FuseFileSystem files, string target,
        MountOptionSplit split, MountOptions options, CancellationToken ct)
    {
        FuseSession session = new(await Fusermount.MountAsync(target, split, options, ct), files, options);
        session.Start();
        return session;
    }

    private static async Task<FuseSession> StartAsync(FuseFileSystem files, string target, MountOptionSplit split,
        MountOptions options)
    {
        FuseResult<FuseDevice> device = FuseDevice.Open();
        if (device.Error != 0)
        {
            throw new FuseException("cannot open /dev/fuse", device.Error);
        }

        bool waitsForInit = device.Value.TrySyncInit();
        string type = options.Subtype.Length > 0 ? "fuse." + options.Subtype : "fuse";
        string data = split.KernelData(device.Value.Number, Native.EffectiveUser(), Native.EffectiveGroup());
        Task<Errno> mounting =
            Task.Run(() => Native.Mount(options.Source, target, type, (ulong)split.Flags, data));
        if (waitsForInit)
        {
            await AttachedAsync(device.Value, mounting);
        }
        else
        {
            await mounting;
        }

        FuseSession session = new(device.Value, files, options);
        if (mounting.IsCompleted && await mounting is not 0 and Errno refused)
        {
            device.Value.Dispose();
            throw new FuseException($"cannot mount on {target}", refused);
        }

        session.Start();
        if (await mounting is not 0 and Errno error)
        {
            session.StartOthers(failed: true);
            await session.Ended;
            throw new FuseException($"cannot mount on {target}", error);
        }

        return session;
    }

    /// <summary>
    /// Ends when a mount(2) that waits for INIT needs a reader, or has failed before. A reader that was there before
    /// could not be woken if it fails.
    /// </summary>
    private static async Task AttachedAsync(FuseDevice device, Task mounting)
    {
        const int MostTries = 2000;
        const int TriesAtOnce = 100;
        for (int tries = 0; !mounting.IsCompleted && !device.IsAttached && tries < MostTries; tries++)
        {
            if (tries < TriesAtOnce)
            {
                await Task.Yield();
            }
            else
            {
                await Task.WhenAny(mounting, Task.Delay(1));
            }
        }
    }

    private static string RealDirectory(string path)
    {
        FuseResult<string> real = Native.RealPath(path);
        if (real.Error != 0)
        {
            throw new FuseException($"mount point {path}", real.Error);
        }

        if (Directory.Exists(real.Value))
        {
            return real.Value;
        }

        throw MountEntry.Find(real.Value) is null
            ? new FuseException($"mount point {path}", Errno.ENOTDIR)
            : new FuseException(Errno.ENOTCONN, $"on {path} is a mount that has died; unmount it first");
    }

    private static void Check(MountOptions options)
    {
        const int LeastRead = 128 << 10;
        const int MostRead = 16 << 20;
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Readers, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxRead, LeastRead, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxRead, MostRead, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxBackground, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxBackground, ushort.MaxValue, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.MaxReadahead, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.ReadAheadKb, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxStackDepth, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxStackDepth, 2, nameof(options));
    }
}
