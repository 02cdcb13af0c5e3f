using Mono.Unix.Native;

namespace Xget.NineP;

/// <summary>
/// A fid of one connection. It lives until it is clunked and the requests that use it have ended; then its open file
/// is disposed. Only the receiving side of its session touches it, except for <see cref="Release"/>.
/// </summary>
internal sealed class Fid(Session session, ServedFile file)
{
    private int _uses = 1;

    public ServedFile File { get; } = file;

    public bool IsOpen { get; set; }

    public OpenFlags Flags { get; set; }

    /// <summary>The open file, unless a directory or extended attributes are read.</summary>
    public OpenFile? Open { get; set; }

    /// <summary>The value (or list of names) that an xattr fid reads.</summary>
    public ReadOnlyMemory<byte>? Xattr { get; set; }

    /// <summary>The directory as it was when it was last read from its start.</summary>
    public IReadOnlyList<ServedFile>? Children { get; set; }

    /// <summary>In the plain dialects: the offset of the next read, and the child that it starts with.</summary>
    public ulong DirectoryOffset { get; set; }

    public int DirectoryIndex { get; set; }

    /// <summary>One more user, who calls <see cref="Release"/> when done.</summary>
    public void Acquire() => Interlocked.Increment(ref _uses);

    public void Release()
    {
        if (Interlocked.Decrement(ref _uses) > 0)
        {
            return;
        }

        try
        {
            Open?.Dispose();
        }
        catch (Exception e)
        {
            session.Complain($"closing a file failed: {e.GetType().Name}: {e.Message}");
        }
    }
}
