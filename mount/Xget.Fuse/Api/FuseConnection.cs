using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Xget.Fuse;

/// <summary>What kernel and file system have agreed on, and what can be asked of the kernel. Thread-safe.</summary>
public sealed class FuseConnection
{
    private readonly FuseCore _core;

    internal FuseConnection(FuseCore core, in InitAnswer answer)
    {
        _core = core;
        Minor = (int)answer.Reply.Minor;
        Offered = answer.Offered;
        Agreed = answer.Agreed;
        core.Notifier.Minor = Minor;
    }

    /// <summary>The protocol's minor version, at most 45; the major version is 7.</summary>
    public int Minor { get; }

    /// <summary>What the kernel can do.</summary>
    public FuseInitFlags Offered { get; }

    /// <summary>What is in use.</summary>
    public FuseInitFlags Agreed { get; }

    /// <summary>Whether <see cref="BackingOpen"/> may work; it still needs CAP_SYS_ADMIN.</summary>
    public bool HasPassthrough => Agreed.HasFlag(FuseInitFlags.Passthrough);

    /// <summary>Largest read in bytes.</summary>
    public int MaxRead => _core.Buffers.Largest;

    /// <summary>Tells the kernel what has changed.</summary>
    public FuseNotifier Notifier => _core.Notifier;

    /// <summary>
    /// Makes a file known for <see cref="FuseOpenFlags.Passthrough"/>; it may be closed afterwards. Fails with EPERM
    /// without CAP_SYS_ADMIN, ELOOP if its own file system is stacked too deep (see
    /// <see cref="MountOptions.MaxStackDepth"/>), EOPNOTSUPP if that cannot do it at all or nothing was agreed on.
    /// </summary>
    /// <returns>An id above 0, to be closed with <see cref="BackingClose"/>.</returns>
    public FuseResult<int> BackingOpen(SafeFileHandle file) =>
        HasPassthrough ? _core.Main.BackingOpen(file) : Errno.EOPNOTSUPP;

    /// <summary>
    /// Gives back an id. Files that are open with it go on; but a node must not have any when it is to be opened again,
    /// for it cannot be opened with another id then.
    /// </summary>
    public Errno BackingClose(int id) => _core.Main.BackingClose(id);
}
