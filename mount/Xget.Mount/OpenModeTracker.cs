namespace Xget.Mount;

/// <summary>
/// Decides alone how an inode is opened. The kernel refuses (EIO) an inode that is open in the cached mode and by
/// passthrough, or by passthrough under two ids, at the same time (kernel fs/fuse/iomode.c): so the first open of an
/// idle inode chooses, and all others follow it until the last is released. Thread-safe.
/// </summary>
internal sealed class OpenModeTracker
{
    private readonly Lock _gate = new();
    private int _opens;
    private int _backingId;

    /// <summary>Open files, counted from the moment their open is answered until their release is processed.</summary>
    internal int Opens
    {
        get
        {
            lock (_gate)
                return _opens;
        }
    }

    /// <summary>Whether it is open by passthrough.</summary>
    internal bool IsPassthrough
    {
        get
        {
            lock (_gate)
                return _backingId > 0;
        }
    }

    /// <summary>Counts an open.</summary>
    /// <param name="backing">
    /// Asked when the inode is idle: the id of a backing file, above 0, if the whole file is here, verified, and may be read
    /// by the kernel itself; else 0.
    /// </param>
    /// <returns>The backing id for passthrough, or 0 for the cached mode.</returns>
    internal int Open(Func<int> backing)
    {
        lock (_gate)
        {
            // Under the lock: nothing may be decided while another open of this inode is being decided.
            if (_opens == 0)
                _backingId = Math.Max(0, backing());
            _opens++;
            return _backingId;
        }
    }

    /// <summary>Counts a release; gives the backing id that nobody uses any more and that is to be closed, or 0.</summary>
    internal int Release()
    {
        lock (_gate)
        {
            if (--_opens > 0)
                return 0;
            (int id, _backingId) = (_backingId, 0);
            return id;
        }
    }
}
