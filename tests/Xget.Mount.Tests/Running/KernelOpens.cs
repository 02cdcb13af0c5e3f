namespace Xget.Mount.Tests.Running;

/// <summary>How the kernel counts the opens of one inode (fs/fuse/iomode.c), without mappings. Not thread-safe.</summary>
internal sealed class KernelOpens
{
    private int _opens;

    /// <summary>The backing id that the inode is open with; 0 when it is open in the cached mode, or not at all.</summary>
    public int Backing { get; private set; }

    public bool IsOpen => _opens > 0;

    /// <summary>A reply to an open, with a backing id or 0 for the cached mode; false: the program sees EIO.</summary>
    public bool TryOpen(int backing)
    {
        if (_opens > 0 && Backing != backing)
            return false;
        Backing = backing;
        _opens++;
        return true;
    }

    public void Close()
    {
        if (--_opens == 0)
            Backing = 0;
    }

    /// <summary>
    /// The rule in words: iocachectr counts cached opens and mapped direct ones upwards, passthrough ones downwards, and
    /// all passthrough opens share one backing object.
    /// </summary>
    public static bool Accepts(string state, string reply)
    {
        bool holdsCache = state is "cached" or "direct, mapped";
        bool isPassthrough = state == "passthrough";
        return reply switch
        {
            "cached" => !isPassthrough,
            "direct" => !isPassthrough,
            "passthrough" => !holdsCache,
            _ => !holdsCache && !isPassthrough,
        };
    }
}
