using Microsoft.Win32.SafeHandles;

namespace Xget.Content.Store;

/// <summary>
/// An open file that closes when its owner and everyone who reads from it have let go. It is its own lease, so that a
/// read allocates nothing: each successful <see cref="TryHold"/> is answered by one <see cref="Dispose"/>.
/// </summary>
internal sealed class SharedFile(SafeFileHandle handle) : IDisposable
{
    private int _holders = 1;

    public SafeFileHandle Handle { get; } = handle;

    /// <summary>One more holder; false if the file is closed already.</summary>
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

    public void Dispose()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
            Handle.Dispose();
    }
}
