using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Fuse;

/// <summary>A descriptor of /dev/fuse. Thread-safe.</summary>
internal sealed class FuseDevice(SafeFileHandle handle) : FuseChannel, IDisposable
{
    // x86-64 and arm64; the magic is 229.
    private const uint CloneRequest = 0x8004E500;
    private const uint BackingOpenRequest = 0x4010E501;
    private const uint BackingCloseRequest = 0x4004E502;
    private const uint SyncInitRequest = 0x0000E503;

    /// <summary>Opens the device, which is then attached by mount(2).</summary>
    public static FuseResult<FuseDevice> Open()
    {
        FuseResult<SafeFileHandle> opened = Native.OpenDevice();
        return opened.Error != 0 ? opened.Error : new FuseDevice(opened.Value);
    }

    /// <summary>The descriptor's number, for mount(2).</summary>
    public int Number => (int)handle.DangerousGetHandle();

    /// <summary>
    /// Whether mount(2) has attached the device to a connection. Asked of /proc, since until then every call on a device
    /// with <see cref="TrySyncInit"/> waits.
    /// </summary>
    public bool IsAttached => File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{Number}"))
        .Contains("fuse_connection", StringComparison.Ordinal);

    /// <summary>Whether the kernel still has a use for the connection.</summary>
    public bool IsConnected
    {
        get
        {
            try
            {
                return !Native.IsInError(handle);
            }
            catch (ObjectDisposedException)
            {
                return false;
            }
        }
    }

    /// <summary>Lets mount(2) wait for INIT, and fail if that does; since Linux 6.18.</summary>
    public bool TrySyncInit()
    {
        int none = 0;
        return Native.Ioctl(handle, SyncInitRequest, ref none, out _) == 0;
    }

    /// <summary>Another descriptor of the same connection, which has its own list of requests in progress.</summary>
    public FuseResult<FuseDevice> Clone()
    {
        FuseResult<FuseDevice> clone = Open();
        if (clone.Error != 0)
        {
            return clone;
        }

        int original = Number;
        if (clone.Value.Ioctl(CloneRequest, ref original, out Errno error) >= 0)
        {
            return clone;
        }

        clone.Value.Dispose();
        return error;
    }

    /// <summary>Waits for a request.</summary>
    public int Read(Span<byte> buffer, out Errno error)
    {
        try
        {
            return Native.Read(handle, buffer, out error);
        }
        catch (ObjectDisposedException)
        {
            error = Errno.ENODEV;
            return -1;
        }
    }

    public override Errno Send(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        try
        {
            return Native.Write(handle, head, body);
        }
        catch (ObjectDisposedException)
        {
            return Errno.ENODEV;
        }
    }

    public override FuseResult<int> BackingOpen(SafeFileHandle file)
    {
        bool held = false;
        try
        {
            file.DangerousAddRef(ref held);
            BackingMap map = new((int)file.DangerousGetHandle(), 0);
            int id = Ioctl(BackingOpenRequest, ref map, out Errno error);
            return error != 0 ? error : id;
        }
        finally
        {
            if (held)
            {
                file.DangerousRelease();
            }
        }
    }

    public override Errno BackingClose(int id)
    {
        Ioctl(BackingCloseRequest, ref id, out Errno error);
        return error;
    }

    public void Dispose() => handle.Dispose();

    private int Ioctl<T>(uint request, ref T argument, out Errno error) where T : unmanaged
    {
        try
        {
            return Native.Ioctl(handle, request, ref argument, out error);
        }
        catch (ObjectDisposedException)
        {
            error = Errno.ENODEV;
            return -1;
        }
    }
}
