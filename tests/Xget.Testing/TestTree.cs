using System.Text;
using Mono.Unix.Native;
using Xget.NineP;

namespace Xget.Testing;

/// <summary>A small tree in memory to serve in tests. It counts what is open, so that nothing can be lost unnoticed.</summary>
public sealed class TestTree : IAttachPoint
{
    private int _open;
    private int _opened;
    private int _disconnected;
    private ulong _nextPath;

    public TestTree() => Root = new TestDirectory(this, "/", null);

    public TestDirectory Root { get; }

    /// <summary>Open files now; never below 0, as each is disposed once.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Open files ever.</summary>
    public int Opened => Volatile.Read(ref _opened);

    public int Disconnections => Volatile.Read(ref _disconnected);

    /// <summary>Open files at the time of the last disconnection.</summary>
    public int OpenAtDisconnection { get; private set; }

    public ServerConnection? LastPeer { get; private set; }

    public string? LastAname { get; private set; }

    public Errno Attach(ServerConnection peer, ReadOnlySpan<byte> uname, ReadOnlySpan<byte> aname, uint nUname,
        out ServedFile? root)
    {
        LastPeer = peer;
        LastAname = Encoding.UTF8.GetString(aname);
        root = aname.SequenceEqual("none"u8) ? null : Root;
        return root is null ? Errno.ENOENT : 0;
    }

    public void Disconnected(ServerConnection peer)
    {
        OpenAtDisconnection = Open;
        Interlocked.Increment(ref _disconnected);
    }

    /// <summary>Starts counting disconnections at one, for tests that had several connections.</summary>
    public void Forget() => _disconnected = 1;

    internal ulong NextPath() => Interlocked.Increment(ref _nextPath);

    internal void Count(int change)
    {
        if (Interlocked.Add(ref _open, change) < 0)
        {
            throw new InvalidOperationException("An open file was disposed twice.");
        }

        if (change > 0)
        {
            Interlocked.Increment(ref _opened);
        }
    }
}
