using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>
/// A fid of one connection, whose <see cref="ServerLimits.FidBytes"/> its maker has counted. It lives until it is clunked and the requests that use it have ended; then its open file
/// is disposed. Only the receiving side of its session touches it, except for <see cref="Release"/>.
/// </summary>
internal sealed class Fid(Session session, ServedFile file)
{
    private int _uses = 1;
    private long _held;
    private long _copied;

    public ServedFile File { get; } = file;

    public bool IsOpen { get; set; }

    public OpenFlags Flags { get; set; }

    /// <summary>The open file, unless a directory or extended attributes are read.</summary>
    public OpenFile? Open { get; set; }

    /// <summary>The value (or list of names) that an xattr fid reads.</summary>
    public ReadOnlyMemory<byte>? Xattr { get; set; }

    /// <summary>The directory as it was when it was last read from its start.</summary>
    public IReadOnlyList<ServedFile?>? Children { get; set; }

    /// <summary>When that was, as a time stamp.</summary>
    public long Listed { get; set; }

    /// <summary>In the plain dialects: the offset of the next read, and the child that it starts with.</summary>
    public ulong DirectoryOffset { get; set; }

    public int DirectoryIndex { get; set; }

    /// <summary>Counts the bytes that it holds by now, besides itself and a copy of a directory; false if they are too many, and then
    /// what it held before remains counted. Thread-safe.</summary>
    public bool Holds(long bytes) => Count(ref _held, bytes);

    /// <summary>The same for the copy of a directory.</summary>
    public bool HoldsCopy(long bytes) => Count(ref _copied, bytes);

    /// <summary>One more user, who calls <see cref="Release"/> when done.</summary>
    public void Acquire() => Interlocked.Increment(ref _uses);

    public void Release()
    {
        if (Interlocked.Decrement(ref _uses) > 0)
        {
            return;
        }

        Holds(0);
        HoldsCopy(0);
        session.Address.Held.Give(ServerLimits.FidBytes);
        try
        {
            Open?.Dispose();
        }
        catch (Exception e)
        {
            session.Complain($"closing a file failed: {e.GetType().Name}: {e.Message}");
        }
    }

    private bool Count(ref long counted, long bytes)
    {
        if (Volatile.Read(ref counted) == bytes)
        {
            return true;
        }

        long more = bytes - Interlocked.Exchange(ref counted, bytes);
        if (more <= 0)
        {
            session.Address.Held.Give(-more);
            return true;
        }

        if (session.Address.Held.TryTake(more) is null)
        {
            return true;
        }

        Interlocked.Add(ref counted, -more);
        return false;
    }
}
