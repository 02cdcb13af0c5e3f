using System.Globalization;
using Mono.Unix.Native;

namespace Xget.Fuse;

/// <summary>
/// The threads that read a connection's requests. With several, each has a clone of the device where the kernel can do
/// that, so that they do not share a list of requests in progress.
/// </summary>
internal sealed class FuseSession(FuseDevice device, FuseFileSystem files, MountOptions options)
{
    private readonly Lock _gate = new();
    private readonly List<FuseDevice> _clones = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running = 1; // Until the last reader has been started.
    private int _ending;
    private volatile bool _stopping;

    public FuseCore Core { get; } = new(files, options, device);

    /// <summary>The connection has ended, nothing is called any more and the device is closed.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Starts the first reader.</summary>
    public void Start() => Start(device, 0);

    /// <summary>Starts the others, once the connection is there; or none, if it failed.</summary>
    public void StartOthers(bool failed)
    {
        for (int i = 1; !failed && i < options.Readers; i++)
        {
            FuseResult<FuseDevice> clone = device.Clone();
            if (clone.Error == 0)
            {
                lock (_gate)
                {
                    _clones.Add(clone.Value);
                }
            }

            Start(clone.Error == 0 ? clone.Value : device, i);
        }

        Leave();
    }

    /// <summary>
    /// Ends the connection although the kernel may still have a use for it, as where it is mounted elsewhere too. If
    /// even that cannot be, the readers are left to themselves, and go when the kernel next has something for them.
    /// </summary>
    /// <param name="number">The file system's device number, as `0:42`.</param>
    public void Stop(string? number)
    {
        _stopping = true;

        // A connection that has ended by itself must not be looked for: its number may already be another's.
        if (device.IsConnected && (number is null || !ConnectionControl.TryAbort(number)) && device.IsConnected)
        {
            Core.Complain("the mount is in use elsewhere and cannot be ended");
            End();
        }
    }

    private void Start(FuseDevice from, int number)
    {
        Interlocked.Increment(ref _running);
        new Thread(() => Run(from))
        {
            IsBackground = true,
            Name = string.Create(CultureInfo.InvariantCulture, $"fuse-reader-{number}"),
        }.Start();
    }

    private void Run(FuseDevice from)
    {
        while (!_stopping && TryServe(from))
        {
        }

        Core.NotInitialised(); // of no effect if it was
        Leave();
    }

    /// <summary>Waits for one request and handles it; false when there are no more.</summary>
    private bool TryServe(FuseDevice from)
    {
        FuseRequest request = Core.Requests.Rent();
        int length = from.Read(request.Buffer, out Errno error);
        if (length >= 0)
        {
            Core.Handle(request, from, length);
            return true;
        }

        Core.Requests.Return(request);
        switch (error)
        {
            case Errno.ENOENT: // Taken back before we had it.
            case Errno.EINTR:
            case Errno.EAGAIN:
                return true;
            case Errno.ENODEV: // Unmounted.
            case Errno.ECONNABORTED:
                return false;
            default:
                Core.Complain($"reading /dev/fuse: {error}");
                return false;
        }
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _running) == 0)
        {
            End();
        }
    }

    private void End()
    {
        if (Interlocked.Exchange(ref _ending, 1) == 0)
        {
            _ = EndAsync();
        }
    }

    private async Task EndAsync()
    {
        await Task.Yield(); // The last reader's thread ends now.
        try
        {
            await Core.EndAsync();
        }
        finally
        {
            lock (_gate)
            {
                _clones.ForEach(static clone => clone.Dispose());
            }

            device.Dispose();
            _ended.TrySetResult();
        }
    }
}
